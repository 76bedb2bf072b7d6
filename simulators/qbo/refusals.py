"""How QuickBooks Online says no: codes, titles in two languages, and the three envelopes of faults.

Code and title are facts; details approximate the wording of recorded answers. Clients must not
match the wording, only the code, and of 6140 the tokens DocNumber, TxnType and TxnId.
"""

from __future__ import annotations

from typing import Any

TITLES: dict[str, tuple[str, str]] = {
    "120": ("Authorization Failure", "Échec d'autorisation"),
    "500": ("Unsupported Operation", "Opération non prise en charge"),
    "610": ("Object Not Found", "Objet introuvable"),
    "2010": (
        "Request has invalid or unsupported property",
        "La demande contient une propriété non valide ou non prise en charge",
    ),
    "2020": (
        "Required param missing, need to supply the required value for the API",
        "Paramètre requis manquant, vous devez fournir la valeur requise pour l'API",
    ),
    "2030": ("Invalid ID", "Identifiant non valide"),
    "2050": (
        "String length is either shorter or longer than supported by specification",
        "La longueur de la chaîne est inférieure ou supérieure à celle prise en charge",
    ),
    "2090": ("Invalid value", "Valeur non valide"),
    "2170": ("Invalid Enumeration", "Énumération non valide"),
    "2500": ("Invalid Reference Id", "Identifiant de référence non valide"),
    "4000": ("Error parsing query", "Erreur lors de l'analyse de la requête"),
    "4001": ("Invalid query", "Requête non valide"),
    "5010": ("Stale Object Error", "Erreur d'objet périmé"),
    "6000": (
        "A business validation error has occurred while processing your request",
        "Une erreur de validation s'est produite lors du traitement de votre demande",
    ),
    "6070": (
        "Amount calculation incorrect in the request",
        "Calcul du montant incorrect dans la demande",
    ),
    "6140": ("Duplicate Document Number Error", "Erreur de numéro de document en double"),
    "6190": ("Invalid Company Status", "Statut de société non valide"),
    "6210": (
        "Account Period Closed, Cannot Update Through Services API",
        "Période comptable fermée, mise à jour impossible",
    ),
    "6240": ("Duplicate Name Exists Error", "Erreur de nom en double"),
    "6430": ("Invalid account type used", "Type de compte non valide"),
    "6540": (
        "Deposited Transaction cannot be changed",
        "Une opération déposée ne peut pas être modifiée",
    ),
    "10000": (
        "An application error has occurred while processing your request",
        "Une erreur d'application s'est produite lors du traitement de votre demande",
    ),
}
NOT_FOUND = "Something you're trying to use has been made inactive."


class Refused(Exception):
    """The company file says no, for one reason or several. Nothing was changed."""

    def __init__(
        self, code: str, detail: str, element: str = "", *, french: str = "", status: int = 400
    ) -> None:
        super().__init__(f"{code} {detail}")
        self.reasons = [(code, detail, french or detail, element)]
        self.status = status

    def __add__(self, other: Refused) -> Refused:
        """Both at once, as one fault with several errors."""
        self.reasons += other.reasons
        return self

    def fault(self, language: str = "en") -> dict[str, Any]:
        """The Fault object, worded in the language of the company."""
        system = any(code == "10000" for code, *_ in self.reasons)
        errors = [error(*reason, language=language) for reason in self.reasons]
        return {"Error": errors, "type": "SystemFault" if system else "ValidationFault"}


def error(
    code: str, detail: str, french: str, element: str, *, language: str = "en"
) -> dict[str, Any]:
    titles = TITLES.get(code, ("Error", "Erreur"))
    title, text = (titles[1], french) if language == "fr" else (titles[0], detail)
    return {"Message": title, "Detail": text, "code": code, "element": element}


def missing(element: str) -> Refused:
    return Refused("2020", f"Required parameter {element} is missing in the request", element)


def unsupported(element: str, why: str = "") -> Refused:
    detail = f"Property Name:{why or element} specified is unsupported or invalid"
    return Refused("2010", detail, element)


def business(text: str, element: str = "") -> Refused:
    return Refused("6000", f"Business Validation Error: {text}", element)


def not_simulated(what: str) -> Refused:
    """QuickBooks can do this and the simulator cannot: it says so instead of pretending."""
    return Refused("500", f"simulated: {what} is not simulated", status=501)


def authentication(detail: str, *, now_ms: int) -> dict[str, Any]:
    """The large lower-case envelope of a 401."""
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    return {
        "warnings": None, "intuitObject": None,
        "fault": _lower(message, detail, "3200", "AUTHENTICATION"),
        "report": None, "queryResponse": None, "batchItemResponse": [], "attachableResponse": [],
        "syncErrorResponse": None, "requestId": None, "time": now_ms, "status": None,
        "cdcresponse": [],
    }  # fmt: skip


def authorization(*, now_ms: int) -> dict[str, Any]:
    """The small lower-case envelope of a 403."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return {"fault": _lower(message, None, "3100", "SERVICE"), "time": now_ms}


def throttled(time: str) -> dict[str, Any]:
    """The body of a 429."""
    reason = {
        "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "Detail": "The request limit was reached. Try again later",
        "code": "3001",
    }
    return {"Fault": {"Error": [reason], "type": "SERVICE"}, "time": time}


def _lower(message: str, detail: str | None, code: str, kind: str) -> dict[str, Any]:
    reason = {"message": message, "detail": detail, "code": code, "element": None}
    return {"error": [reason], "type": kind}
