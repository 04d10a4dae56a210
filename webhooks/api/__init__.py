"""Webhook endpoints, their deliveries, and the events of a business."""
