"""`/auth`: members log in, stay logged in and log out; and a password that is forgotten is replaced."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from businesses.login import log_in
from businesses.people import reset_password
from businesses.sessions import Tokens, end_session, open_session, renew_session
from dialects.earnipay import envelope
from dialects.earnipay.door import OpenView
from dialects.earnipay.inputs import ForgotInput, LoginInput, RefreshInput, ResetInput
from invoicing.lib.fields import read_body
from messaging.invitations import send_reset_to


class AuthView(OpenView):
    """Calls of a person whom nobody knows yet."""

    def login(self, request: Request) -> Response:
        """Two tokens for an address and a password."""
        body = read_body(LoginInput, request)
        user = log_in(request._request, email=body["email"], password=body["password"])
        return self.say_tokens("Login successful.", open_session(user))

    def refresh(self, request: Request) -> Response:
        """Two new tokens for a refresh token, which is good for nothing from now on."""
        tokens = renew_session(read_body(RefreshInput, request)["refreshToken"])
        return self.say_tokens("Token refreshed successfully.", tokens)

    def logout(self, request: Request) -> Response:
        """No token of this login is good for anything from now on."""
        end_session(read_body(RefreshInput, request)["refreshToken"])
        return self.say("Logged out successfully.")

    def forgot(self, request: Request) -> Response:
        """Write a link to the person with this address; the answer does not say whether there is one."""
        send_reset_to(read_body(ForgotInput, request)["email"])
        return self.say(
            "If an account with this e-mail address exists, a link to reset its password has been sent to it."
        )

    def reset(self, request: Request) -> Response:
        """Another password for whoever was sent that link."""
        body = read_body(ResetInput, request)
        reset_password(body["token"], new_password=body["newPassword"])
        return self.say("Password reset successfully.")

    def say_tokens(self, message: str, tokens: Tokens) -> Response:
        """200 with two tokens, which nobody on the way may keep."""
        data = {"accessToken": tokens.access, "refreshToken": tokens.refresh}
        return self.send(envelope.answer(200, message, data), headers={"Cache-Control": "no-store"})
