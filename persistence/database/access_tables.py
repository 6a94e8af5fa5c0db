"""Tables of users, log-ins, API keys, invitations, usage and the audit log, as Tortoise models.

`tables.py` describes rules for all tables. Secrets are stored as digests: the SHA-256 of the secret in hexadecimal digits.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from persistence.database.collection_tables import InvitationGroup


# The initial migration adds the local user. A partial unique index allows one SUPERADMIN.
class User(Model):
    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    email = fields.TextField(null=True)
    email_key = fields.CharField(max_length=320, null=True, unique=True)  # comparison key of the address
    password_hash = fields.TextField(null=True)
    role = fields.CharField(max_length=16)
    active = fields.BooleanField(default=True)
    created_at: datetime = fields.DatetimeField()
    last_seen_at: datetime | None = fields.DatetimeField(null=True)
    is_erased = fields.BooleanField(default=False)  # the erasure has begun; the row is deleted last
    active_session_id = fields.IntField(null=True)  # without a foreign key: the session may have been erased

    class Meta:
        table = "users"
        indexes = [("created_at", "id")]


class Login(Model):
    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="logins", on_delete=fields.CASCADE
    )
    user_id: int
    client = fields.TextField()
    created_at: datetime = fields.DatetimeField()
    last_used_at: datetime = fields.DatetimeField()
    ends_at: datetime = fields.DatetimeField()

    class Meta:
        table = "logins"
        indexes = [("user_id", "id")]


# Tokens are kept after their use, until the log-in ends, so that a second use is noticed.
class RefreshToken(Model):
    id = fields.IntField(primary_key=True)
    login: fields.ForeignKeyRelation[Login] = fields.ForeignKeyField(
        "graphlore.Login", related_name="refresh_tokens", on_delete=fields.CASCADE
    )
    login_id: int
    digest = fields.CharField(max_length=64, unique=True)
    expires_at: datetime = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "refresh_tokens"
        indexes = [("login_id",)]


class ApiKey(Model):
    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="api_keys", on_delete=fields.CASCADE
    )
    user_id: int
    name = fields.TextField()
    prefix = fields.CharField(max_length=32, unique=True)
    digest = fields.CharField(max_length=64)
    access_limit = fields.CharField(max_length=16)
    created_at: datetime = fields.DatetimeField()
    last_used_at: datetime | None = fields.DatetimeField(null=True)
    expires_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "api_keys"
        indexes = [("user_id", "id")]


class Invitation(Model):
    id = fields.IntField(primary_key=True)
    digest = fields.CharField(max_length=64, unique=True)
    email = fields.TextField(null=True)
    email_key = fields.CharField(max_length=320, null=True)
    role = fields.CharField(max_length=16)
    inviter: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="invitations", on_delete=fields.SET_NULL, null=True
    )
    inviter_id: int | None
    created_at: datetime = fields.DatetimeField()
    expires_at: datetime = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)
    groups: fields.ReverseRelation["InvitationGroup"]

    class Meta:
        table = "invitations"
        indexes = [("created_at", "id")]


# A code with which a user sets a new password, once. A user has at most one. Without a creator, the command line created it.
class ResetCode(Model):
    id = fields.IntField(primary_key=True)
    user: fields.OneToOneRelation[User] = fields.OneToOneField(
        "graphlore.User", related_name="reset_code", on_delete=fields.CASCADE
    )
    user_id: int
    creator: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="created_codes", on_delete=fields.CASCADE, null=True
    )
    creator_id: int | None
    digest = fields.CharField(max_length=64, unique=True)
    expires_at: datetime = fields.DatetimeField()

    class Meta:
        table = "reset_codes"


# Failed attempts to log in, by the account, network or device that made them.
class LoginDelay(Model):
    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=400, unique=True)
    failures = fields.FloatField()
    counted_at = fields.FloatField()  # seconds since the epoch, as the next two
    last_failed_at = fields.FloatField()
    previous_failed_at = fields.FloatField()

    class Meta:
        table = "login_delays"


# Counts of one user and one day, a date in UTC. Without foreign keys: statistics keep the counts when the user is erased.
class DailyUsage(Model):
    id = fields.IntField(primary_key=True)
    user_id = fields.IntField()
    day = fields.CharField(max_length=10)
    answers = fields.IntField(default=0)
    failed_answers = fields.IntField(default=0)
    prompt_tokens = fields.BigIntField(default=0)
    completion_tokens = fields.BigIntField(default=0)
    uploaded_bytes = fields.BigIntField(default=0)

    class Meta:
        table = "daily_usage"
        unique_together = [("user_id", "day")]
        indexes = [("day",)]


# Without foreign keys: an entry stays when its actor is erased.
class AuditEntry(Model):
    id = fields.IntField(primary_key=True)
    at: datetime = fields.DatetimeField()
    actor_id = fields.IntField(null=True)
    actor_name = fields.TextField()
    via_api_key = fields.TextField(null=True)
    action = fields.CharField(max_length=32)
    target_kind = fields.CharField(max_length=16, null=True)
    target_id = fields.IntField(null=True)
    target_name = fields.TextField(null=True)
    outcome = fields.CharField(max_length=8)
    address = fields.TextField(null=True)
    detail = fields.TextField(null=True)

    class Meta:
        table = "audit_entries"
        indexes = [("at", "id"), ("actor_id", "at", "id")]
