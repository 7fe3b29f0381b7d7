"""All of a tenant's anchors, by everything that a mention may lead by.

The same anchors give the same index, in whatever order they came: of one anchor the row that the store wrote last counts, and where there
are more than may be held, those that come last in the order of ``rank`` are left out.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from processors.enrichment.anchors.anchor import LAST_DIGITS, Anchor, anchor_of
from processors.enrichment.names.index import NameHit, NameIndex
from processors.enrichment.names.normal import Word
from shared.linking.anchor import AnchorRow

MOST_ANCHORS: Final = 100_000
"""Of one tenant in one worker."""


class AnchorIndex:
    """One tenant's."""

    def __init__(self, tenant_id: str, *, default_country: str = "US", most: int = MOST_ANCHORS) -> None:
        self.tenant_id = tenant_id
        self.default_country = default_country
        """Where a phone number is dialled that names no country."""
        self._most = most
        self._anchors: dict[str, Anchor] = {}
        self._changed_at: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._noticed: dict[str, tuple[Anchor | None, int]] = {}
        self._names = NameIndex()
        self._led: dict[str, dict[str, Anchor | tuple[Anchor, ...]]] = {
            kind: {} for kind in ("id", "email", "domain", "phone", "account", "contact")
        }
        self._ranked: list[tuple[int, str]] | None = None
        self._is_full = False

    @property
    def size(self) -> int:
        """How many anchors are held."""
        return len(self._anchors)

    @property
    def has_more(self) -> bool:
        """Whether the tenant has more than may be held: some are not recognised."""
        return self._is_full

    @property
    def has_room_again(self) -> bool:
        """Whether some were left out and would be held by now: what there are of them only the store knows."""
        return self._is_full and len(self._anchors) < self._most

    def put(self, row: AnchorRow) -> None:
        """Hold the anchor as the row has it, or no longer where nothing is linked to it now. An older row than the one that is held changes
        nothing; one whose moment is not known (``changed_at`` 0) is taken for the newest."""
        known_at = self._known_at(row.shard_id)
        if row.changed_at and row.changed_at < known_at:
            return
        if row.changed_at:
            self._noticed.pop(row.shard_id, None)
        self._set(row.shard_id, anchor_of(row, tenant_id=self.tenant_id, default_country=self.default_country), row.changed_at or known_at)

    def notice(self, row: AnchorRow) -> None:
        """Hold the anchor as somebody in this worker has just seen it, until the store has been asked again."""
        self._noticed.setdefault(row.shard_id, (self._anchors.get(row.shard_id), self._known_at(row.shard_id)))
        self.put(replace(row, changed_at=0))

    @property
    def noticed(self) -> frozenset[str]:
        """The anchors that are held as somebody saw them, and not as the store was read."""
        return frozenset(self._noticed)

    def forget_noticed(self, shard_ids: Iterable[str]) -> None:
        """The store was asked since these were noticed: where it said nothing new, they are as they were before."""
        for shard_id in shard_ids:
            if (before := self._noticed.pop(shard_id, None)) is not None:
                self._set(shard_id, *before)

    def settle(self, changed_at: int) -> None:
        """Nothing that was written before this second will be put any more: what is gone since need not be remembered."""
        self._gone = {shard_id: gone_at for shard_id, gone_at in self._gone.items() if gone_at >= changed_at}

    def get(self, shard_id: str) -> Anchor | None:
        """The anchor with this id."""
        return self._anchors.get(shard_id)

    def by_native_id(self, native_id: str) -> tuple[Anchor, ...]:
        """Those whose record has this id: ``system:id``. All of these answers are in the order of the shards' ids."""
        return self._of("id", native_id)

    def by_email(self, address: str) -> tuple[Anchor, ...]:
        """Those who have this address, in lower case."""
        return self._of("email", address)

    def by_domain(self, domain: str) -> tuple[Anchor, ...]:
        """Those whose website is in this registrable domain."""
        return self._of("domain", domain)

    def by_phone(self, phone: str) -> tuple[Anchor, ...]:
        """Those with this number, in E.164."""
        return tuple(anchor for anchor in self._of("phone", phone[-LAST_DIGITS:]) if phone in anchor.phones)

    def deals_of_account(self, shard_id: str) -> tuple[Anchor, ...]:
        """Opportunities and projects of a company."""
        return self._of("account", shard_id)

    def deals_of_contact(self, shard_id: str) -> tuple[Anchor, ...]:
        """Opportunities whose contact this is."""
        return self._of("contact", shard_id)

    def named_in(self, words: Sequence[Word], *, fuzzy: bool, is_title: bool = False) -> list[NameHit]:
        """Where a text has the name of an anchor; with ``fuzzy`` also where it nearly has. ``is_title``: the text is a name itself."""
        return self._names.named_in(words, fuzzy=fuzzy, is_title=is_title)

    def rarity(self, shard_type_id: str, word: str) -> float:
        """How much a word tells in a name of this kind, from 0 to 1, in three steps."""
        return self._names.rarity(shard_type_id, word)

    def _of(self, kind: str, key: str) -> tuple[Anchor, ...]:
        """Most keys lead to one anchor, which is kept as it is."""
        led = self._led[kind].get(key, ())
        return led if isinstance(led, tuple) else (led,)

    def _known_at(self, shard_id: str) -> int:
        return max(self._changed_at.get(shard_id, 0), self._gone.get(shard_id, 0))

    def _set(self, shard_id: str, anchor: Anchor | None, changed_at: int) -> None:
        held = self._anchors.get(shard_id)
        if held is not None and held != anchor:
            self._drop(held)
        if anchor is None:
            self._changed_at.pop(shard_id, None)
            self._gone[shard_id] = changed_at
            return
        self._gone.pop(shard_id, None)
        self._changed_at[shard_id] = changed_at
        if held != anchor:
            self._hold(anchor)

    def _hold(self, anchor: Anchor) -> None:
        self._anchors[anchor.shard_id] = anchor
        for kind, key in _leads(anchor):
            led = self._led[kind]
            if key in led:
                others = self._of(kind, key)
                place = bisect_left(others, anchor.shard_id, key=_id)
                led[key] = (*others[:place], anchor, *others[place:])
            else:
                led[key] = anchor
        if anchor.names:
            self._names.put(anchor.shard_id, anchor.shard_type_id, anchor.names)
        if self._ranked is not None:
            insort(self._ranked, (rank(anchor), anchor.shard_id))
        if len(self._anchors) > self._most:
            self._leave_out_last()

    def _drop(self, anchor: Anchor) -> None:
        del self._anchors[anchor.shard_id]
        for kind, key in _leads(anchor):
            led = self._led[kind]
            if left := tuple(other for other in self._of(kind, key) if other.shard_id != anchor.shard_id):
                led[key] = left if len(left) > 1 else left[0]
            else:
                del led[key]
        if anchor.names:
            self._names.remove(anchor.shard_id)
        if self._ranked is not None:
            del self._ranked[bisect_left(self._ranked, (rank(anchor), anchor.shard_id))]

    def _leave_out_last(self) -> None:
        self._is_full = True
        if self._ranked is None:
            self._ranked = sorted((rank(anchor), shard_id) for shard_id, anchor in self._anchors.items())
        _, shard_id = self._ranked[-1]
        self._drop(self._anchors[shard_id])
        self._gone[shard_id] = self._changed_at.pop(shard_id)


def rank(anchor: Anchor) -> int:
    """What is held first where not all can be: companies, projects, open deals, contacts, people, channels; deals that are over last."""
    match anchor.shard_type_id:
        case "c_account":
            return 0
        case "c_project":
            return 1
        case "c_opportunity":
            return 2 if anchor.is_open else 6
        case "c_contact":
            return 3
        case "c_person":
            return 4
        case _:
            return 5


def _leads(anchor: Anchor) -> list[tuple[str, str]]:
    """What leads to it, by kind."""
    leads = [("id", native_id) for native_id in anchor.native_ids]
    leads += [("email", email) for email in anchor.emails]
    leads += [("domain", domain) for domain in anchor.domains]
    leads += [("phone", digits) for digits in anchor.last_digits]
    if anchor.is_deal and anchor.account_id is not None:
        leads.append(("account", anchor.account_id))
    if anchor.is_deal and anchor.contact_id is not None:
        leads.append(("contact", anchor.contact_id))
    return leads


def _id(anchor: Anchor) -> str:
    return anchor.shard_id
