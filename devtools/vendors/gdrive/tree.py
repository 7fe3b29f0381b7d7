"""What there is and where it lies: the items by id, and what is in each folder."""

from collections.abc import Iterable, Iterator

from devtools.vendors.gdrive.items import Item


class Tree:
    """``items`` by id, roots included, in the order in which they came."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self._children: dict[str, dict[str, None]] = {}

    def add(self, items: Iterable[Item]) -> None:
        for item in items:
            self.items[item.id] = item
            if item.parent_id is not None:
                self._children.setdefault(item.parent_id, {})[item.id] = None

    def remove(self, item: Item) -> None:
        del self.items[item.id]
        self._children.pop(item.id, None)
        self._children.get(item.parent_id or "", {}).pop(item.id, None)

    def put(self, item: Item, parent_id: str) -> None:
        """In another folder."""
        self._children.get(item.parent_id or "", {}).pop(item.id, None)
        item.parent_id = parent_id
        self._children.setdefault(parent_id, {})[item.id] = None

    def item(self, item_id: str) -> Item:
        """Raises KeyError: there is none of that id."""
        return self.items[item_id]

    def children(self, item_id: str) -> list[Item]:
        return [self.items[child_id] for child_id in self._children.get(item_id, {})]

    def below(self, item_id: str) -> list[Item]:
        """Everything in a folder and in the folders in it; a folder before what is in it."""
        found: list[Item] = []
        waiting = [item_id]
        while waiting:
            for child in self.children(waiting.pop()):
                found.append(child)
                if child.is_folder:
                    waiting.append(child.id)
        return found

    def above(self, item: Item) -> Iterator[Item]:
        """The folders it lies in, the nearest first, its root last."""
        at = self.items.get(item.parent_id or "")
        while at is not None:
            yield at
            at = self.items.get(at.parent_id or "")

    def root_of(self, item: Item) -> Item:
        root = item
        for folder in self.above(item):
            root = folder
        return root

    def path(self, item_id: str) -> str:
        """For people: names from the root on, with slashes between them."""
        item = self.items[item_id]
        return "/".join([*(folder.name for folder in reversed(list(self.above(item)))), item.name])
