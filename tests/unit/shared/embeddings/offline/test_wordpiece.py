"""The ids below are what the vendors' own tokenizer (``tokenizers``, over the model's tokenizer.json) gives, without its start and end."""

import sys

import pytest

from shared.embeddings.offline.package import VOCABULARY, find_weights
from shared.embeddings.offline.weights import VOCABULARY_SHA256, read_vocabulary
from shared.embeddings.offline.wordpiece import WordPiece

START, END, UNKNOWN = 101, 102, 100

VENDORS: list[tuple[str, str]] = [
    ("", ""),
    ("   \t\r\n  ", ""),
    ("hello world", "7592 2088"),
    ("Hello, World!", "7592 1010 2088 999"),
    ("unaffable", "14477 20961 3468"),
    (
        "Acme's Q3 renewal: $1,250,000.50 (signed)",
        "9353 4168 1005 1055 1053 2509 14524 1024 1002 1015 1010 5539 1010 2199 1012 2753 1006 2772 1007",
    ),
    ("Café Zürich naïve résumé", "7668 10204 15743 13746"),
    ("ÅNGSTRÖM İstanbul ΟΔΥΣΣΕΥΣ straße ẞ", "17076 15687 9960 1169 29722 29735 29733 29733 29723 29735 29733 2358 27807 1096"),
    ("Łódź Øresund Đorđe", "17814 1100 6072 8630 1102 2953 29671 2063"),
    ("cafe\u0301 e\u0308\u0323", "7668 1041"),
    ("\u6771\u4eac\u90fd\u306e\u5951\u7d04", "1879 1755 1961 1671 100 100"),
    ("\u5408\u540c\u5df2\u7b7e\u7f72 2024\u5e74", "1792 1794 100 100 100 16798 2549 1840"),
    ("\ud55c\uad6d\uc5b4 \uacc4\uc57d\uc11c", "1469 30006 30021 29991 30014 30020 29999 30008 100"),
    ("\u3053\u3093\u306b\u3061\u306f\u3001\u4e16\u754c\u3002", "1655 30217 30194 30188 30198 1635 1745 100 1636"),
    ("Привет, как дела?", "1194 16856 10325 25529 15290 22919 1010 1189 10260 23925 1184 15290 29436 10260 1029"),
    ("שלום עולם", "1266 29799 29792 29800 1259 29792 29799 29800"),
    ("مرحبا بالعالم", "1295 17149 29820 29816 25573 1271 25573 23673 29830 25573 23673 22192"),
    ("नमस\u094dत\u0947 द\u0941न\u093fय\u093e", "1327 29867 29874 29859 1325 29863 29877 29868 29876"),
    ("\U0001f44d great \U0001f680\U0001f680", "100 2307 100"),
    ("\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family", "100 2155"),
    ("\U0001f97a\U0001fae0", "100"),
    ("\u2764\ufe0f x", "100 1060"),
    ("zero\u200bwidth\u200djoin\ufeffed", "5717 9148 11927 2232 5558 21280"),
    ("soft\xadhyphen no\xa0break\u3000space\u2028line", "3730 10536 8458 2368 2053 3338 2686 2240"),
    ("a\x00b\x07c\x1fd\x7fe\x85f\ufffdg", "5925 3207 2546 2290"),
    ("\ue000private\U000f0000", "2797"),
    (
        "https://acme.my.salesforce.com/lightning/r/Opportunity/006Ab00000XyZ/view?x=1&y=a%20b#top",
        "16770 1024 1013 1013 9353 4168 1012 2026 1012 4341 14821 1012 4012 1013 7407 1013 1054 1013 "
        "4495 1013 4002 2575 7875 8889 8889 2692 18037 2480 1013 3193 1029 1060 1027 1015 1004 1061 1027 "
        "1037 1003 2322 2497 1001 2327",
    ),
    (
        "<@U024BE7LH> see <#C024BE7LR|general> and <https://x.io|this> :tada: *bold* _it_ ~no~ `code`",
        "1026 1030 1057 2692 18827 4783 2581 2140 2232 1028 2156 1026 1001 1039 2692 18827 4783 2581 "
        "20974 1064 2236 1028 1998 1026 16770 1024 1013 1013 1060 1012 22834 1064 2023 1028 1024 18819 "
        "2050 1024 1008 7782 1008 1035 2009 1035 1066 2053 1066 1036 3642 1036",
    ),
    ("jane.doe+test@example.co.uk", "4869 1012 18629 1009 3231 1030 2742 1012 2522 1012 2866"),
    ("don't can't o'clock rock-n-roll", "2123 1005 1056 2064 1005 1056 1051 1005 5119 2600 1011 1050 1011 4897"),
    (
        "\u201csmart\u201d \u2018quotes\u2019 \u2013 en \u2014 em \u2026 ellipsis",
        "1523 6047 1524 1520 16614 1521 1516 4372 1517 7861 1529 3449 15000 6190",
    ),
    ("\u20ac100 \xa350 \xa59 \u20b97 \xb13 \xa74 \xa9", "1574 18613 27813 2692 1071 2683 1576 2581 1081 2509 1073 1018 1075"),
    ("\xbd \xb2 \u2462 \ufb01ne \uff46\uff55\uff4c\uff4c", "1092 1082 100 1984 2638 100"),
    (
        "snake_case camelCase kebab-case PATH/to\\file.py",
        "7488 1035 2553 19130 18382 17710 3676 2497 1011 2553 4130 1013 2000 1032 5371 1012 1052 2100",
    ),
    ("x" * 100, "22038" + " 20348" * 49),
    ("x" * 101 + " after", "100 2044"),
    (
        "a" * 99 + "\u0301" * 5 + " ok",
        "13360 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 "
        "11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 "
        "11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 11057 "
        "11057 7929",
    ),
    ('{"key": [1, 2.5, null]}', "1063 1000 3145 1000 1024 1031 1015 1010 1016 1012 1019 1010 19701 1033 1065"),
    ("1234567890 12:30:45 2024-02-29", "13138 19961 2575 2581 2620 21057 2260 1024 2382 1024 3429 16798 2549 1011 6185 1011 2756"),
    ("antidisestablishmentarianism supercalifragilistic", "3424 10521 4355 7875 13602 3672 12199 2964 3565 9289 10128 29181 24411 4588"),
    ("#hashtag @mention ^caret |pipe| <tag/>", "1001 23325 15900 1030 5254 1034 2729 2102 1064 8667 1064 1026 6415 1013 1028"),
    ("\uf900\u2f00\U00020000", "100 100 100"),
    ("ab\u4e2dcd", "11113 1746 3729"),
    ("[MASKED] [ SEP ] [x]", "1031 16520 1033 1031 19802 1033 1031 1060 1033"),
]


@pytest.fixture(scope="module")
def wordpiece() -> WordPiece:
    folder = find_weights()
    if folder is None:
        pytest.skip("the offline encoder's weights are not installed")
    return WordPiece(read_vocabulary(folder / VOCABULARY, sha256=VOCABULARY_SHA256))


@pytest.mark.parametrize(("text", "ids"), VENDORS)
def test_a_text_has_the_ids_that_the_model_was_trained_with(text: str, ids: str, wordpiece: WordPiece) -> None:
    assert wordpiece.tokens(text) == [START, *map(int, ids.split()), END]


def test_a_long_text_is_read_as_far_as_256_tokens(wordpiece: WordPiece) -> None:
    tokens = wordpiece.tokens("word " * 10_000)

    assert tokens == [START, *[2773] * 254, END]


def test_a_text_of_exactly_256_tokens_is_read_whole(wordpiece: WordPiece) -> None:
    tokens = wordpiece.tokens("word " * 253 + "hello")

    assert tokens == [START, *[2773] * 253, 7592, END]


def test_a_word_of_many_pieces_is_cut_where_the_tokens_end(wordpiece: WordPiece) -> None:
    tokens = wordpiece.tokens("word " * 253 + "unaffable")

    assert tokens == [START, *[2773] * 253, 14477, END]


TINY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[", "]", "sep", "deal", "de", "##al", "##er", "##s", "a"]


@pytest.fixture
def tiny() -> WordPiece:
    return WordPiece({piece: number for number, piece in enumerate(TINY)})


def read_back(wordpiece: WordPiece, text: str) -> list[str]:
    return [TINY[token] for token in wordpiece.tokens(text)]


def test_the_longest_piece_that_fits_is_taken_first(tiny: WordPiece) -> None:
    assert read_back(tiny, "dealers DEALS deaer") == ["[CLS]", "deal", "##er", "##s", "deal", "##s", "[UNK]", "[SEP]"]


def test_a_text_that_spells_a_control_token_is_a_text(tiny: WordPiece) -> None:
    assert read_back(tiny, "deal [SEP] a") == ["[CLS]", "deal", "[", "sep", "]", "a", "[SEP]"]


def test_half_a_surrogate_pair_is_dropped(tiny: WordPiece) -> None:
    assert read_back(tiny, "de\ud83dal \udc4d") == ["[CLS]", "deal", "[SEP]"]


def test_no_character_is_too_strange(tiny: WordPiece) -> None:
    for code in range(0, sys.maxunicode + 1, 31):
        assert len(tiny.tokens(chr(code) * 3)) <= 5


def test_a_word_without_an_end_costs_no_more_than_its_tokens(tiny: WordPiece) -> None:
    assert set(read_back(tiny, "a" * 30_000_000)) == {"[CLS]", "[UNK]", "[SEP]"}
