"""Paths under /accounts/: how a person gets a password, the first and the next."""

from __future__ import annotations

from django.contrib.auth import views
from django.urls import path

from messaging.forms import ForgottenPasswordForm

_request = views.PasswordResetView.as_view(
    form_class=ForgottenPasswordForm, template_name="pages/password_reset.html", title="Forgotten your password?"
)
_done = views.PasswordResetDoneView.as_view(template_name="pages/password_reset_done.html", title="Look at your mail")
_confirm = views.PasswordResetConfirmView.as_view(
    template_name="pages/password_reset_confirm.html", title="Choose a password"
)
_complete = views.PasswordResetCompleteView.as_view(
    template_name="pages/password_reset_complete.html", title="Your password is set"
)

urlpatterns = [
    path("password-reset/", _request, name="password_reset"),
    path("password-reset/", _request, name="admin_password_reset"),  # the name for which the login page looks
    path("password-reset/done/", _done, name="password_reset_done"),
    path("password/<uidb64>/<token>/", _confirm, name="password_reset_confirm"),
    path("password/complete/", _complete, name="password_reset_complete"),
]
