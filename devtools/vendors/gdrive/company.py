"""An invented company to look at: people, a group, two shared drives, and folders that are shared in the ways people share them."""

from random import Random
from typing import Final

from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.items import DOCUMENT, NATIVE

NAMES: Final = ("ada", "bob", "cleo", "dan", "eve", "finn", "gil", "hana")
_TOPICS: Final = ("Budget", "Offer", "Minutes", "Roadmap", "Contract", "Survey", "Handbook", "Forecast")
_KINDS: Final = (
    (DOCUMENT, ""),
    (f"{NATIVE}spreadsheet", ""),
    ("application/pdf", ".pdf"),
    ("text/plain", ".txt"),
)


def found_company(drive: PretendDrive, *, users: int, files: int) -> None:
    """``users``: from 1 on, the first an administrator, who is in everything. ``files``: in folders of all of them."""
    emails = [f"{_name(number)}@{drive.domain}" for number in range(users)]
    for number, email in enumerate(emails):
        drive.create_user(email, is_admin=number == 0)
    team = drive.create_group(f"team@{drive.domain}", "The Team", members=emails[: max(users - 1, 1)])
    folders = [*_of_sales(drive, emails, team.email), *_of_people(drive, emails, team.email)]
    rng = Random(drive.rng.random())
    for number in range(files):
        kind, ending = _KINDS[number % len(_KINDS)]
        topic = _TOPICS[rng.randrange(len(_TOPICS))]
        name = f"{topic} {2020 + number % 7}{ending}"
        drive.create_file(name, parent=folders[number % len(folders)], mime_type=kind, content=f"{topic}: {number}".encode())


def _of_sales(drive: PretendDrive, emails: list[str], team: str) -> list[str]:
    sales = drive.create_drive("Sales", by=emails[0])
    drive.add_member(sales.id, team, "writer")
    board = drive.create_drive("Board", by=emails[0])
    customers = drive.create_folder("Customers", parent=sales.id, by=emails[0])
    offers = drive.create_folder("Offers", parent=customers.id, by=emails[0])
    drive.share(offers.id, emails[-1], "reader")
    return [offers.id, customers.id, board.id]


def _of_people(drive: PretendDrive, emails: list[str], team: str) -> list[str]:
    plans = drive.create_folder("Plans", by=emails[0])
    drive.share(plans.id, team, "commenter")
    drafts = drive.create_folder("Drafts", parent=plans.id, by=emails[0])
    notes = drive.create_folder("Notes", by=emails[-1])
    handbook = drive.create_file("House Rules", parent=notes.id, by=emails[-1], mime_type=DOCUMENT, content=b"Be kind.")
    drive.share(handbook.id, drive.domain, "reader", is_discoverable=True)
    drive.create_shortcut(handbook.id, parent=plans.id, by=emails[0])
    return [plans.id, drafts.id, notes.id]


def _name(number: int) -> str:
    return NAMES[number] if number < len(NAMES) else f"{NAMES[number % len(NAMES)]}{number // len(NAMES)}"
