"""The wire format of CoreBill."""
