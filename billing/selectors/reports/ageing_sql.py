"""The statements of the ageing report; only names of ours are put into their braces, every value is a parameter.

One pass over entries and allocations: what is left of an invoice is linear in them and never below zero (billing/ledger.py
applies no more on any day than was owed on it), so a bucket is their sum, and needs no sum of each invoice. Bucket −1 is
credit.
"""

from __future__ import annotations

# The due date of each invoice on that day: that of its only row, which is nearly every invoice's, else of its newest.
DATES = """
dates AS (
  SELECT w.invoice_id, CASE COUNT(*) WHEN 1 THEN MIN(w.due_date) ELSE (
    SELECT d.due_date FROM billing_duedate d WHERE d.business_id = %(business)s AND d.invoice_id = w.invoice_id
      AND d.effective_on <= %(on)s AND d.recorded_at <= %(known_at)s
    ORDER BY d.effective_on DESC, d.recorded_at DESC, d.id DESC LIMIT 1
  ) END AS due_date
  FROM billing_duedate w
  WHERE w.business_id = %(business)s AND w.effective_on <= %(on)s AND w.recorded_at <= %(known_at)s
  GROUP BY w.invoice_id
)"""

# What is due on an invoice or, without one, unapplied; and what is applied, which is so much less unapplied.
BY_CUSTOMER = """
WITH {dates}, moved AS (
  SELECT customer_id, currency, invoice_id, amount_minor AS due, CAST(0 AS BIGINT) AS applied
  FROM billing_entry WHERE {asked}
  UNION ALL
  SELECT customer_id, currency, invoice_id, -amount_minor, amount_minor FROM billing_allocation WHERE {asked}
), aged AS (
  SELECT m.customer_id, m.currency, CASE WHEN m.invoice_id IS NULL THEN -1 {buckets} END AS bucket,
    CAST(SUM(m.due) AS BIGINT) AS due, CAST(SUM(m.applied) AS BIGINT) AS applied
  FROM moved m LEFT JOIN dates ON dates.invoice_id = m.invoice_id GROUP BY 1, 2, 3
), account AS (
  SELECT a.customer_id, a.currency, SUM(a.due + a.applied) AS balance FROM aged a GROUP BY a.customer_id, a.currency
  HAVING SUM(CASE WHEN a.bucket >= 0 AND a.due <> 0 THEN 1 ELSE 0 END) > 0
    OR SUM(a.applied + CASE WHEN a.bucket < 0 THEN a.due ELSE 0 END) <> 0
), page AS (
  SELECT shown.*, ROW_NUMBER() OVER (ORDER BY currency, {order}, customer_id) AS place FROM (
    SELECT a.customer_id, a.currency, a.balance, c.uuid, c.name, c.name_folded
    FROM account a JOIN customers_customer c ON c.id = a.customer_id
    ORDER BY a.currency, {order}, a.customer_id LIMIT %(limit)s OFFSET %(offset)s
  ) shown
)
SELECT 0 AS place, NULL AS uuid, NULL AS name, currency, bucket, SUM(due) AS due, SUM(applied) AS applied,
  (SELECT COUNT(*) FROM account) AS among
FROM aged GROUP BY currency, bucket
UNION ALL
SELECT p.place, p.uuid, p.name, p.currency, a.bucket, a.due, a.applied, 0
FROM page p JOIN aged a ON a.customer_id = p.customer_id AND a.currency = p.currency
ORDER BY place
"""

# Invoice by invoice, and the credit of each customer as a row of its own. (A WHERE invoice_id IS NULL would let SQLite read
# those of all businesses.)
BY_INVOICE = """
WITH {dates}, left_over AS (
  SELECT i.id AS invoice_id, i.customer_id, i.currency, i.issue_date, CAST(SUM(m.due) AS BIGINT) AS due FROM (
    SELECT invoice_id, amount_minor AS due FROM billing_entry WHERE {asked} AND invoice_id IS NOT NULL
    UNION ALL
    SELECT invoice_id, -amount_minor FROM billing_allocation WHERE {asked}
  ) m JOIN billing_invoice i ON i.id = m.invoice_id
  GROUP BY i.id HAVING SUM(m.due) <> 0
), unapplied AS (
  SELECT customer_id, currency, CAST(SUM(due) AS BIGINT) AS due FROM (
    SELECT customer_id, currency, amount_minor AS due FROM billing_entry WHERE {asked} AND COALESCE(invoice_id, 0) = 0
    UNION ALL
    SELECT customer_id, currency, amount_minor FROM billing_allocation WHERE {asked}
  ) credited GROUP BY customer_id, currency HAVING SUM(due) <> 0
), dated AS (
  SELECT i.customer_id, i.currency, i.due, i.invoice_id, i.issue_date, dates.due_date
  FROM left_over i LEFT JOIN dates ON dates.invoice_id = i.invoice_id
  UNION ALL
  SELECT customer_id, currency, due, NULL, NULL, NULL FROM unapplied
), aged AS (
  SELECT customer_id, currency, due, invoice_id, issue_date, due_date,
    CASE WHEN invoice_id IS NULL THEN -1 {buckets} END AS bucket
  FROM dated
), page AS (
  SELECT * FROM aged ORDER BY currency, issue_date IS NULL, issue_date, invoice_id, customer_id
  LIMIT %(limit)s OFFSET %(offset)s
)
SELECT 0 AS place, NULL AS uuid, NULL AS name, currency, bucket, SUM(due) AS due, SUM(COUNT(*)) OVER () AS among,
  NULL AS invoice_uuid, NULL AS number, NULL AS issue_date, NULL AS due_date, 0 AS invoice_id, 0 AS customer_id,
  0 AS undated
FROM aged GROUP BY currency, bucket
UNION ALL
SELECT 1, c.uuid, c.name, p.currency, p.bucket, p.due, 0, i.uuid, i.number, p.issue_date, p.due_date, p.invoice_id,
  p.customer_id, CASE WHEN p.invoice_id IS NULL THEN 1 ELSE 0 END
FROM page p JOIN customers_customer c ON c.id = p.customer_id LEFT JOIN billing_invoice i ON i.id = p.invoice_id
ORDER BY place, currency, undated, issue_date, invoice_id, customer_id
"""
