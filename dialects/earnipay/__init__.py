"""The wire format of Earnipay."""
