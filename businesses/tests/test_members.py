"""Who may make whom what, through the services."""

from __future__ import annotations

import pytest

from businesses.audit import SYSTEM, Actor
from businesses.models import Business, Member, Role
from businesses.services import add_member, change_role, remove_member
from invoicing.lib.errors import Conflict, Denied


def join(business: Business, role: str) -> Member:
    return add_member(business, email=f"{role}{Member.objects.count()}@alice.test", role=role, actor=SYSTEM)


def test_only_an_owner_makes_and_unmakes_owners(alice: Business) -> None:
    owner, admin, viewer = join(alice, Role.OWNER), join(alice, Role.ADMIN), join(alice, Role.VIEWER)
    as_admin, as_owner = Actor.member(admin.user), Actor.member(owner.user)
    with pytest.raises(Denied):
        add_member(alice, email="new@alice.test", role=Role.OWNER, actor=as_admin)
    with pytest.raises(Denied):
        change_role(viewer, role=Role.OWNER, actor=as_admin)
    with pytest.raises(Denied):
        change_role(owner, role=Role.VIEWER, actor=as_admin)
    with pytest.raises(Denied):
        remove_member(owner, actor=as_admin)
    assert change_role(viewer, role=Role.CREATOR, actor=as_admin).role == Role.CREATOR
    second = change_role(admin, role=Role.OWNER, actor=as_owner)
    remove_member(second, actor=as_owner)
    with pytest.raises(Conflict):
        remove_member(owner, actor=as_owner)


def test_an_owner_elsewhere_is_nobody_here(alice: Business, bob: Business) -> None:
    stranger = add_member(bob, email="bob@bob.test", role=Role.OWNER, actor=SYSTEM)
    join(alice, Role.OWNER)
    with pytest.raises(Denied):
        add_member(alice, email="x@alice.test", role=Role.OWNER, actor=Actor.member(stranger.user))
