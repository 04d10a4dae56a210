"""Django's settings: one file, every outside variable read once through `lib/env.py`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import crontab
from django.templatetags.static import static

from invoicing.lib.env import read_environment
from invoicing.lib.secrets import derive_key

ENVIRONMENT = read_environment()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = ENVIRONMENT.data_dir

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
PUBLIC_URL = ENVIRONMENT.public_url
SECURE = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
OUTGOING_ALLOW_NETS = ENVIRONMENT.outgoing_allow_nets
RATE_LIMIT = ENVIRONMENT.rate_limit
WEBHOOK_CALLS_PER_ENDPOINT = ENVIRONMENT.webhook_calls_per_endpoint  # at a time, of one dispatcher
WEBHOOK_FORMATS = {  # of endpoints, besides the native one
    "corebill": "dialects.corebill.webhooks",
    "invoiced": "dialects.invoiced.webhooks",
}
EVENT_RETENTION_DAYS = ENVIRONMENT.event_retention_days  # 0: for ever

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # its templates and widgets; the site is our own
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "businesses.apps.InvoicingAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_celery_beat",
    "businesses",
    "messaging",
    "webhooks",
    "customers",
    "billing",
]

MIDDLEWARE = [
    "invoicing.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "invoicing.middleware.SessionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "invoicing.middleware.CsrfViewMiddleware",
    "invoicing.middleware.AuthenticationMiddleware",
    "invoicing.middleware.MessageMiddleware",
    "invoicing.middleware.AxesMiddleware",
]

ROOT_URLCONF = "invoicing.urls"
WSGI_APPLICATION = "invoicing.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The database ------------------------------------------------------------------------------------------------------
SQLITE = ENVIRONMENT.database["ENGINE"].endswith("sqlite3")
_database: dict[str, Any] = {**ENVIRONMENT.database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
if SQLITE:
    _database["OPTIONS"] = {
        # Django's defaults fail a quarter of concurrent writes with "database is locked"; synchronous=FULL is for money.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-20000;",
    }
    # Tests on a file as well: a database in memory has other locks than the one that people use.
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    _database["ENGINE"] = "invoicing.postgresql"
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People ------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "businesses.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# Its default is the user model's field, which our form does not have: every failure would count for nobody.
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "businesses.login.typed_address"
AXES_CLIENT_IP_CALLABLE = "invoicing.middleware.client_ip"
AXES_LOCKOUT_TEMPLATE = "pages/locked_out.html"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 12 * 60 * 60
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60
# Tokens of members who log in with a program: see businesses/sessions.py.
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": derive_key(SECRET_KEY, "tokens of members").hex(),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
}
PUBLIC_LINK_DAYS = 90  # of links that need no login: statements

# The browser -------------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = None  # set per request, and only for TRUSTED_PROXIES: see invoicing/middleware.py
X_FRAME_OPTIONS = "DENY"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # an invoice form of 1,000 lines

# Words, dates, amounts -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["invoicing.formats"]

# Jobs ----------------------------------------------------------------------------------------------------------------
REDIS_URL = ENVIRONMENT.redis_url
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://") if REDIS_URL.startswith("unix://") else REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_TASK_ROUTES = {"webhooks.tasks.dispatch": {"queue": "dispatch"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    # A broker that is away must not hold up a request: work is found in rows anyway.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
# Seconds between two looks; every one of these tasks is a sweep over rows and harmless when repeated.
CELERY_BEAT_SCHEDULE = {
    "webhooks": {"task": "webhooks.tasks.dispatch", "schedule": 5.0, "options": {"expires": 30}},
    "replays": {"task": "webhooks.tasks.replay_all", "schedule": 20.0, "options": {"expires": 20}},
    "positions": {"task": "webhooks.tasks.give_positions", "schedule": 30.0, "options": {"expires": 30}},
    "retention": {"task": "webhooks.tasks.forget_old_events", "schedule": crontab(hour=2, minute=41)},
    "messages": {"task": "messaging.tasks.send_due_messages", "schedule": 10.0, "options": {"expires": 30}},
    "attachments": {"task": "billing.tasks.prepare_messages", "schedule": 15.0, "options": {"expires": 30}},
    "documents": {"task": "billing.tasks.keep_documents", "schedule": 300.0, "options": {"expires": 300}},
    "dates": {"task": "billing.tasks.move_by_date", "schedule": 120.0, "options": {"expires": 120}},
    "statements": {"task": "billing.tasks.run_statements", "schedule": 20.0, "options": {"expires": 20}},
    "books": {"task": "billing.tasks.prove_books", "schedule": crontab(hour=3, minute=17)},
    "audit": {"task": "businesses.tasks.link_audit", "schedule": 60.0, "options": {"expires": 60}},
    "counts": {"task": "businesses.tasks.merge_counts", "schedule": 60.0, "options": {"expires": 60}},
    "idempotency": {"task": "businesses.tasks.forget_idempotency_keys", "schedule": 3600.0},
    "tokens": {"task": "businesses.tasks.forget_expired_tokens", "schedule": crontab(hour=2, minute=47)},
}

# Mail ----------------------------------------------------------------------------------------------------------------
EMAIL_FROM = DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from
EMAIL_TO_FILES = ENVIRONMENT.email is None  # each message becomes DATA_DIR/mail/<message uuid>.eml
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_TIMEOUT = 30
if ENVIRONMENT.email is not None:
    globals().update({key: value for key, value in ENVIRONMENT.email.items() if key != "EMAIL_FILE_PATH"})

# The API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["businesses.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["businesses.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["invoicing.lib.api.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["invoicing.lib.api.ExactJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "invoicing.lib.api.OneFormat",
    "DEFAULT_SCHEMA_CLASS": "invoicing.schema.Schema",
    "EXCEPTION_HANDLER": "invoicing.lib.api.answer_error",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "COERCE_DECIMAL_TO_STRING": False,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Invoicing API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Customers, products, invoices, quotations, payments, statements and webhooks of one business.",
    "OAS_VERSION": "3.1.0",
    "PREPROCESSING_HOOKS": ["invoicing.schema.without_slash"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "InvoiceStatus": "billing.models.Invoice.Status",
        "QuotationStatus": "billing.models.Quotation.Status",
        "PaymentStatus": "billing.models.Payment.Status",
        "PaymentMethod": "billing.models.Payment.Method",
        "AdjustmentStatus": "billing.models.Adjustment.Status",
        "CreditNoteStatus": "billing.models.CreditNote.Status",
        "CustomerStatus": "customers.models.Customer.Status",
        "CustomerType": "customers.models.Customer.Type",
        "EndpointStatus": "webhooks.models.Endpoint.Status",
        "DeliveryStatus": "webhooks.models.Delivery.State",
        "MessageState": "messaging.serializers.STATES",
        "StatementType": "businesses.models.Business.StatementType",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# The admin -----------------------------------------------------------------------------------------------------------
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Invoicing",
    "SITE_HEADER": "businesses.navigation.header",
    "SITE_SUBHEADER": "businesses.navigation.subheader",
    "SITE_DROPDOWN": "businesses.navigation.switcher",
    "SITE_SYMBOL": "receipt_long",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("businesses/favicon.svg")},
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "STYLES": [lambda request: static("businesses/admin.css")],
    "LOGIN": {"image": lambda request: static("businesses/login.svg")},
    "DASHBOARD_CALLBACK": "billing.admin.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "businesses.navigation.sidebar",
    },
    # A deep petrol: the calm of a ledger's cover, and 4.5:1 against white from 600 on.
    "COLORS": {
        "primary": {
            "50": "oklch(97.6% 0.014 195)",
            "100": "oklch(94.5% 0.03 195)",
            "200": "oklch(89% 0.055 195)",
            "300": "oklch(81% 0.08 195)",
            "400": "oklch(71% 0.095 195)",
            "500": "oklch(60% 0.095 197)",
            "600": "oklch(49% 0.083 199)",
            "700": "oklch(42% 0.07 201)",
            "800": "oklch(36% 0.058 203)",
            "900": "oklch(31% 0.046 205)",
            "950": "oklch(22% 0.034 207)",
        },
    },
}

# Logs ----------------------------------------------------------------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "invoicing.logs.json_formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},  # strangers' noise, answered with 400
        "django.server": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # CSRF's middleware is there, wrapped: see invoicing/middleware.py
    "axes.W002",  # the lockout's middleware is there, wrapped: see invoicing/middleware.py
    "models.W040",  # SQLite ignores the covering columns of an index
    # TLS is the reverse proxy's; with an https PUBLIC_URL the cookies are secure and HSTS is on.
    *(["security.W008"] if SECURE else ["security.W004", "security.W008", "security.W012", "security.W016"]),
]
HOST_NAME = urlsplit(PUBLIC_URL).hostname or "localhost"
