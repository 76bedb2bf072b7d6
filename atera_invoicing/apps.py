from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "atera_invoicing"
    verbose_name = "Atera Invoicing"
