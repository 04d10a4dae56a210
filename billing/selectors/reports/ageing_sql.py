"""The statements of the ageing report; only names of ours are put into their braces, every value is a parameter.

One pass over entries and allocations: what is left of an invoice is linear in them and never below zero (billing/ledger.py
applies no more on any day than was owed on it), so a bucket is their sum, and needs no sum of each invoice. Only the few
invoices whose due date was another on that day are looked up. Bucket −1 is credit.
"""

from __future__ import annotations

# The due date in the window of invoices for which it may not be the one they have: there is a later one, or they are
# cancelled, when it can still be edited but is posted no more.
CHANGED = """
dates AS (
  SELECT d.id, d.invoice_id, d.due_date, d.effective_on, d.recorded_at FROM billing_duedate d
  WHERE d.business_id = %(business)s AND d.effective_on <= %(on)s AND d.recorded_at <= %(known_at)s AND EXISTS (
    SELECT 1 FROM billing_duedate later WHERE later.invoice_id = d.invoice_id
      AND later.business_id = %(business)s AND (later.effective_on > %(on)s OR later.recorded_at > %(known_at)s)
  )
  UNION
  SELECT d.id, d.invoice_id, d.due_date, d.effective_on, d.recorded_at
  FROM billing_duedate d JOIN billing_invoice i ON i.id = d.invoice_id
  WHERE d.effective_on <= %(on)s AND d.recorded_at <= %(known_at)s
    AND i.business_id = %(business)s AND i.status = 'cancelled'
), changed AS (
  SELECT invoice_id, due_date FROM (
    SELECT invoice_id, due_date,
      ROW_NUMBER() OVER (PARTITION BY invoice_id ORDER BY effective_on DESC, recorded_at DESC, id DESC) AS newest
    FROM dates
  ) ordered WHERE newest = 1
)"""
DUE_DATE = "CASE WHEN changed.invoice_id IS NULL THEN i.due_date ELSE changed.due_date END"

# What is due on an invoice or, without one, unapplied; and what is applied, which is so much less unapplied.
BY_CUSTOMER = """
WITH {changed}, moved AS (
  SELECT customer_id, currency, invoice_id, amount_minor AS due, CAST(0 AS BIGINT) AS applied
  FROM billing_entry WHERE {asked}
  UNION ALL
  SELECT customer_id, currency, invoice_id, -amount_minor, amount_minor FROM billing_allocation WHERE {asked}
), dated AS (
  SELECT m.customer_id, m.currency, m.due, m.applied, m.invoice_id, {due_date} AS due_date
  FROM moved m LEFT JOIN billing_invoice i ON i.id = m.invoice_id
  LEFT JOIN changed ON changed.invoice_id = m.invoice_id
), aged AS (
  SELECT customer_id, currency, CASE WHEN invoice_id IS NULL THEN -1 {buckets} END AS bucket,
    CAST(SUM(due) AS BIGINT) AS due, CAST(SUM(applied) AS BIGINT) AS applied
  FROM dated GROUP BY 1, 2, 3
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
WITH {changed}, left_over AS (
  SELECT i.id AS invoice_id, i.customer_id, i.currency, i.issue_date, i.due_date, CAST(SUM(m.due) AS BIGINT) AS due FROM (
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
  SELECT i.customer_id, i.currency, i.due, i.invoice_id, i.issue_date, {due_date} AS due_date
  FROM left_over i LEFT JOIN changed ON changed.invoice_id = i.invoice_id
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
