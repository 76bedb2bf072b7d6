from django.apps import AppConfig


class WhitelabelConfig(AppConfig):
    name = "whitelabel"
