"""The form of a person who has forgotten the password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import PasswordResetForm

from messaging.invitations import send_reset_to


class ForgottenPasswordForm(PasswordResetForm):
    """Queues our message where Django would send its own; whoever was invited and has no password yet gets one too."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write to the person with this address, if there is one."""
        send_reset_to(self.cleaned_data["email"])
