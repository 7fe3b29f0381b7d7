"""Keys: by what a shard is found when something it could be linked to comes, changes or goes. Pure.

A shard has the keys of what it mentions and of what it was held against; an anchor those of what it is recognised by. Whatever would make
the anchor a candidate of the shard, or changes what one is worth, gives both of them a key in common. The forms::

    i:<system>:<id>   a vendor's id         e:<address>      d:<registrable domain>      f:<digits of a phone number>
    a:<shard id>      an anchor that was its candidate; the folder it is in
    a:<shard id>:<type>    a company or contact whose deals of this type were looked at; or that a deal of this type is of
    t:<word>          a word of a name      p:<first four letters>   s:<last four letters>  of a longer one

An anchor has ``n:<type>:<word>`` besides, for every word of its names that is not common, and ``w:<type>:<step>:<word>`` among the keys
that it is found by itself: how rare the word was when it was made known last (``relinking.py``).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from processors.enrichment.anchors.anchor import DEALS, Anchor
from processors.enrichment.entities.domains import company_domain
from processors.enrichment.names.common_words import is_common
from processors.enrichment.names.near import LEAST_LETTERS
from processors.enrichment.names.normal import key_word
from processors.enrichment.names.rarity import FEW, MANY, step
from processors.enrichment.subject import NAMED, Subject, targets_of

MOST_KEYS: Final = 256
"""Of one shard."""
STEPS: Final = (step(0), step(FEW + 1), step(MANY + 1))
"""How rare a word of a name may be."""
_ENDS: Final = 4
_LONGEST: Final = 64


def of_native_id(native_id: str) -> str:
    """Of ``system:id``."""
    return f"i:{native_id}"


def of_shard(shard_id: str) -> str:
    """Of whoever was held against this one."""
    return f"a:{shard_id}"


def of_deals(shard_id: str, shard_type_id: str) -> str:
    """Of whoever looked at a company's or contact's deals of one type. A deal itself has no use for its siblings: without the type, each
    new one would be announced to all others of its company."""
    return f"a:{shard_id}:{shard_type_id}"


def of_address(address: str) -> str:
    """Of an e-mail address without capitals."""
    return f"e:{address}"


def of_phone(number: str) -> str:
    """Of a number in E.164."""
    return f"f:{number.removeprefix('+')}"


def mentioned(
    subject: Subject, *, held_against: Iterable[str], led_by: Iterable[str], known_addresses: Iterable[str]
) -> tuple[tuple[str, ...], bool]:
    """The keys of what is to be linked, the surest first, and whether there were more.

    Args:
        subject: what is linked.
        held_against: ids of the shards that were its candidates, of the folder it is in, and of those that people decided about.
        led_by: ids of the companies and contacts whose deals were looked at.
        known_addresses: of those who take part, where they are known by another id.
    """
    deals = sorted(DEALS & targets_of(subject.shard.shard_type_id))
    held = [*map(of_shard, sorted(held_against)), *(of_deals(one, deal) for one in sorted(led_by) for deal in deals)]
    keys = tuple(dict.fromkeys(_keys(subject, held, known_addresses)))
    return keys[:MOST_KEYS], len(keys) > MOST_KEYS or subject.mentions.is_cut


def recognised(anchor: Anchor) -> tuple[str, ...]:
    """The keys an anchor is recognised by. Who shares one of them has to be told when it changes."""
    return tuple(dict.fromkeys(_recognised(anchor)))


def words_of(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Type and word of each ``n:`` key."""
    for key in keys:
        if key.startswith("n:"):
            _, shard_type_id, word = key.split(":", 2)
            yield shard_type_id, word


def of_step(shard_type_id: str, rarity: float, word: str) -> str:
    """Of the anchors whose links were weighed while this word of theirs was so rare."""
    return f"w:{shard_type_id}:{rarity:g}:{word}"


def of_word(word: str) -> str:
    """Of a word of a name."""
    return f"t:{word}"


def _keys(subject: Subject, held: Iterable[str], known_addresses: Iterable[str]) -> Iterator[str]:
    is_named = bool(targets_of(subject.shard.shard_type_id) & NAMED)
    addresses = [*(address for address, _, _ in subject.emails()), *known_addresses] if is_named else []
    yield from (of_native_id(each.value) for each in subject.mentions.of("id"))
    if is_named:
        yield from map(of_address, addresses)
        yield from (of_phone(each.value) for each in subject.mentions.of("phone"))
    yield from held
    if not is_named:
        return
    yield from (f"d:{domain}" for address in addresses if (domain := company_domain(address)) is not None)
    yield from (f"d:{domain}" for _, domain in subject.websites)
    forms = _forms(subject)
    common = {form for form in forms if is_common(form)}
    yield from (f"t:{form}" for form in forms if form not in common)
    yield from (of_native_id(f"slack:{one}") for one in subject.participants.slack_ids)
    for form, may_be_name in forms.items():
        if may_be_name and form in common:
            yield of_word(form)
        elif may_be_name:
            yield from _ends(form)


def _forms(subject: Subject) -> dict[str, bool]:
    """Its words, in the order they come first → whether they may be a name's: by a capital, or in a title."""
    forms: dict[str, bool] = {}
    for name, words in subject.words.items():
        is_title = name in subject.titles
        for word in words:
            may_be_name = is_title or word.is_capital
            if may_be_name or word.form not in forms:
                forms[word.form] = may_be_name
            if word.bare != word.form and (may_be_name or word.bare not in forms):
                forms[word.bare] = may_be_name
    return forms


def _ends(word: str) -> Iterator[str]:
    if LEAST_LETTERS <= len(word) <= _LONGEST:
        yield f"p:{word[:_ENDS]}"
        yield f"s:{word[-_ENDS:]}"


def _recognised(anchor: Anchor) -> Iterator[str]:
    yield from map(of_native_id, anchor.native_ids)
    yield from map(of_address, anchor.emails)
    yield from map(of_phone, anchor.phones)
    yield from (f"d:{domain}" for domain in anchor.domains)
    if anchor.is_deal:
        yield from (of_deals(one, anchor.shard_type_id) for one in (anchor.account_id, anchor.contact_id) if one is not None)
    for name in anchor.names:
        key = key_word(name)
        if key is not None:
            yield of_word(key)
            yield from _ends(key)
        else:
            yield of_word(name[0])  # the one word of it that has to be written with a capital (``NameIndex.exact``)
    yield from sorted({f"n:{anchor.shard_type_id}:{word}" for name in anchor.names for word in name if not is_common(word)})
