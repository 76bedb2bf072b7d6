from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "atera_invoicing"
    verbose_name = "Atera Invoicing"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415 - registers them
