"""Earnipay's e-invoicing API at /earnipay/v1: camelCase in an envelope, `businessId` on every create and list."""
