"""The wire format of Invoiced."""
