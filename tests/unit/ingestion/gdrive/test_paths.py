"""An id as a part of a path: whatever is in it, it is one segment, and nothing of it is a way to somewhere else."""

from urllib.parse import unquote, urlsplit

import httpx2
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.sources.gdrive.client import segment

BASE = "https://www.googleapis.com/drive/v3/files/"


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable()))
@example("..")
@example(".")
@example("../../admin")
@example("..%2f..")
@example("a?alt=media&x=#y")
@example("//elsewhere.example/x")
@example("a@elsewhere.example:80")
def test_whatever_an_id_holds_the_path_below_stays_where_it_is(text: str) -> None:
    made = httpx2.URL(f"{BASE}{segment(text)}/permissions")

    parts = urlsplit(str(made))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "www.googleapis.com", "", "")
    assert unquote(segment(text)) == text
    assert parts.path.startswith("/drive/v3/files/")
    assert parts.path.endswith("/permissions")
    assert parts.path.count("/") == 5
