"""The admin of a business itself: settings, API keys, audit trail. (Members are invited by mail: see messaging.)"""

from businesses.admin import audit, business, keys  # noqa: F401 - they register themselves
