"""Settings: one file, everything from the environment, safe unless told otherwise.

`ENVIRONMENT` is "production" unless set to "development" (which `make demo` and the tests do). In
production the process refuses to start with unsafe values; in development missing secrets are made
once and kept in `DATA_DIR`. README.md lists the variables.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import dj_database_url
import fontpkg_inter
from celery.schedules import crontab
from cryptography.fernet import Fernet
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ.get("ENVIRONMENT", "production")
PRODUCTION = ENVIRONMENT == "production"
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var")).absolute()
DEBUG = os.environ.get("DEBUG", "0") == "1"


def _list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def _kept(name: str, make: Callable[[], str]) -> str:
    """For development: a secret that is made once and kept, readable by its owner only."""
    path = DATA_DIR / name
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
    except FileExistsError:
        pass
    return path.read_text()


def _secret_key() -> str:
    """The key from the environment; in development one that is made once."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("Set SECRET_KEY to 50 or more random characters.")
    return _kept("secret_key", partial(secrets.token_urlsafe, 50))


def _token_keys() -> list[str]:
    """Keys that seal the tokens of the accounting system, newest first. Without any in production
    nothing can be connected.
    """
    given = _list("TOKEN_KEYS")
    for key in given:
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                "TOKEN_KEYS holds something that is not a Fernet key: 32 bytes in URL-safe base64."
            ) from None
    return (
        given
        if given or PRODUCTION
        else [_kept("token_key", lambda: Fernet.generate_key().decode())]
    )


SECRET_KEY = _secret_key()
TOKEN_KEYS = _token_keys()
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,testserver,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured(
            "DEBUG=1 shows internals to everybody. Unset it, or set ENVIRONMENT=development."
        )
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY is too short. Use 50 or more random characters.")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "Set ALLOWED_HOSTS to the host names of this installation, separated by commas; "
            "'*' is refused."
        )
PUBLIC_ADDRESS = os.environ.get("PUBLIC_ADDRESS", "").rstrip("/") or (
    f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if PRODUCTION else "http://localhost:8000"
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "heroicons",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "atera_invoicing",
    "whitelabel",
    "customers",
    "contracts",
    "invoices",
    "accounting",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "atera_invoicing.middleware.RefusedMiddleware",
    "atera_invoicing.middleware.PrivatePagesMiddleware",
]
ROOT_URLCONF = "atera_invoicing.urls"
WSGI_APPLICATION = "atera_invoicing.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
FILTERS_EMPTY_CHOICE_LABEL = "All"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.static",
                "heroicons.templatetags.heroicons",
                "atera_invoicing.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "atera_invoicing.navigation.shell",
            ],
        },
    }
]

# Database: SQLite out of the box, PostgreSQL by DATABASE_URL -------------------------------------
DATABASES = {
    "default": dj_database_url.config(
        default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    # SQLite 3.7.0 to 3.51.2 can lose commits in WAL mode when a checkpoint resets the log while
    # another connection writes (fixed in 3.51.3, 3.50.7 and 3.44.6), so WAL only where it is safe.
    _sqlite = sqlite3.sqlite_version_info
    SQLITE_WAL_SAFE = (
        _sqlite >= (3, 51, 3) or (3, 50, 7) <= _sqlite < (3, 51) or (3, 44, 6) <= _sqlite < (3, 45)
    )
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            f"PRAGMA journal_mode={'WAL' if SQLITE_WAL_SAFE else 'TRUNCATE'};"
            "PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
        ),
    }

# Cache: in the database, so that log-in throttles count across processes -------------------------
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
    }
}

# Background work ---------------------------------------------------------------------------------
CELERY_BROKER_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "retry_on_timeout": True,
    "health_check_interval": 25,
    # One more try without a pause: a page may be publishing. A worker waits as Celery has it.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TASK_PUBLISH_RETRY = False  # a dead broker never holds up a page; beat rings again
CELERY_TASK_TIME_LIMIT = 1800
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "ring-for-due-work": {
        "task": "invoices.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
    "look-at-every-exported-invoice": {
        "task": "accounting.tasks.look_at_all",
        "schedule": crontab(hour=3, minute=20),
    },
    "read-the-lists-anew": {
        "task": "accounting.tasks.refresh_lists",
        "schedule": crontab(hour=2, minute=40),
    },
    "ring-for-due-exports": {
        "task": "accounting.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
}
CELERY_TIMEZONE = "UTC"
LEASE_SECONDS = int(os.environ.get("LEASE_SECONDS", "60"))  # then a dead worker's job is taken over

# Accounting systems ------------------------------------------------------------------------------
# Addresses are the real ones unless told otherwise; the demo points them at the simulator.
QBO = {
    "client_id": os.environ.get("QBO_CLIENT_ID", ""),
    "client_secret": os.environ.get("QBO_CLIENT_SECRET", ""),
    # "production", "sandbox", or the address of a discovery document
    "environment": os.environ.get("QBO_ENVIRONMENT", "production"),
    "api": os.environ.get("QBO_API", ""),  # empty: follows the environment
    "app": os.environ.get("QBO_APP", ""),  # where people see an invoice; empty: follows it, too
    "webhook_tokens": _list("QBO_WEBHOOK_TOKENS"),  # two while one replaces the other
}
XERO = {
    "client_id": os.environ.get("XERO_CLIENT_ID", ""),
    "client_secret": os.environ.get("XERO_CLIENT_SECRET", ""),
    # An app of before March 2026 asks for accounting.transactions instead of the first two.
    "scopes": os.environ.get(
        "XERO_SCOPES",
        "offline_access accounting.invoices accounting.payments.read accounting.contacts "
        "accounting.settings",
    ),
    "api": os.environ.get("XERO_API", ""),  # empty: Xero; else one address for all of its hosts
    "app": os.environ.get("XERO_APP", ""),  # where people sign in and see invoices; empty: as above
    "webhook_keys": _list("XERO_WEBHOOK_KEYS"),  # two while one replaces the other
    "calls_per_day": int(os.environ.get("XERO_CALLS_PER_DAY", "1000")),  # 5000 from plan Core on
    "address": PUBLIC_ADDRESS,  # an invoice there leads back here
}
CONNECTION_DRAFT_DAYS = 14  # a wizard that nobody came back to is cancelled then

# People ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "atera_invoicing.User"
AUTHENTICATION_BACKENDS = [
    "atera_invoicing.accounts.RoleBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_ADAPTER = "atera_invoicing.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_FORMS = {
    "login": "atera_invoicing.account_forms.LoginForm",
    "change_password": "atera_invoicing.account_forms.ChangePasswordForm",
    "set_password": "atera_invoicing.account_forms.SetPasswordForm",
    "reset_password_from_key": "atera_invoicing.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "atera_invoicing.account_forms.ReauthenticateForm",
}
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "30/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXY_COUNT", "0"))
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an owner vouches for the address; we send no mail to prove it
USERSESSIONS_TRACK_ACTIVITY = False  # it would write to the database on every page

# Transport, cookies, content ---------------------------------------------------------------------
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # asked from inside, over plain HTTP
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("BEHIND_TLS_PROXY") == "1" else None
)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = (
    "Lax"  # Strict would break a return from a log-in elsewhere
)
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "SAMEORIGIN"  # the live preview of a PDF is framed by our own page
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # which asks for DENY
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a batch of a thousand contracts is one form

# REST --------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "atera_invoicing.api_keys.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["atera_invoicing.rest.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["atera_invoicing.rest.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["atera_invoicing.rest.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "atera_invoicing.paging.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["atera_invoicing.rest.Filters"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["atera_invoicing.rest.PerUserThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": os.environ.get("API_RATE", "1200/min")},
    "EXCEPTION_HANDLER": "atera_invoicing.problems.problem",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Atera Invoicing API",
    "DESCRIPTION": "Customers, contracts, time and invoices of one MSP. "
    "Money and quantities are strings.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "POSTPROCESSING_HOOKS": ["atera_invoicing.schema.add_problems"],
}

# Text, time, files -------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE", "UTC")
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = not PRODUCTION  # `make demo` needs no collectstatic
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", DATA_DIR / "static"))
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing
STATICFILES_DIRS = [("fonts/inter", str(Path(fontpkg_inter.__file__).parent / "files"))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "files"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "atera_invoicing.masking.MaskingFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
