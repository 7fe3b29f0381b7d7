"""The one answer Salesforce takes for an acknowledgement, and what it makes of every other.

HTTP 200 with a SOAP 1.1 envelope whose body holds ``notificationsResponse`` with ``Ack`` true, both in the outbound namespace.
Anything else, a 200 with another body included, is a failure and is tried again. Surprising: the content type of the answer is not
looked at. Lacks: redirects, which are failures here as well; the vendor's own treatment of them is not documented.
"""

from enum import StrEnum
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from devtools.vendors.salesforce.outbound_message import OUTBOUND, SOAP


class Answer(StrEnum):
    """What a call came to."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # a well-formed response that says Ack false
    NOT_AN_ACKNOWLEDGEMENT = "not an acknowledgement"  # 200, another body
    HTTP_ERROR = "http error"  # any status but 200
    NO_ANSWER = "no answer"  # not connected, hung up, timed out
    ACKNOWLEDGEMENT_LOST = "acknowledgement lost"  # a fault of ours: the receiver acknowledged, we act as if we had not heard


def answer_to(status: int, body: bytes) -> Answer:
    if status != 200:
        return Answer.HTTP_ERROR
    ack = _ack(body)
    if ack is None:
        return Answer.NOT_AN_ACKNOWLEDGEMENT
    # xsd:boolean has two spellings for each value.
    return {"true": Answer.ACKNOWLEDGED, "1": Answer.ACKNOWLEDGED, "false": Answer.REFUSED, "0": Answer.REFUSED}.get(
        ack, Answer.NOT_AN_ACKNOWLEDGEMENT
    )


def _ack(body: bytes) -> str | None:
    """The text of Ack when the envelope is what it must be, else None."""
    try:
        envelope: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding nobody knows
        return None
    if envelope.tag != f"{{{SOAP}}}Envelope":
        return None
    ack = envelope.find(f"{{{SOAP}}}Body/{{{OUTBOUND}}}notificationsResponse/{{{OUTBOUND}}}Ack")
    return None if ack is None else (ack.text or "").strip()
