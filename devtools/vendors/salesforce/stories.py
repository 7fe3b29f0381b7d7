"""What salespeople write about deals and customers, each with a question that means it in other words.

The first run asks such a question and must find the record by it, so a question shares no word with its description but the likes of
"the" and "is": counting words does not find it. Some descriptions have paragraphs, of which the question is about one. Everything is
invented. ``&`` and ``<`` are there on purpose, as people type them and XML does not carry them bare. Lacks: other languages than English.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Story:
    """One description, and a question about it."""

    description: str
    paraphrase: str


OPPORTUNITY_STORIES: Final = (
    Story(
        "Two burglaries since Christmas, both through the back door. "
        "They want cameras at every entrance & an alarm that rings at the guard's home.\n\n"
        "Quote until Friday.",
        "Who is afraid that thieves will break in again?",
    ),
    Story(
        "Met the chief pharmacist & the head of logistics.\n\n"
        "Their vaccines must stay cold, under eight degrees, all the way to the clinic. "
        "Last summer a whole load got warm and had to be thrown away.\n\n"
        "Wants loggers < 200 g that warn the driver.",
        "Which medicine has to be kept refrigerated?",
    ),
    Story(
        "Neighbours complained to the mayor about the noise of the fans on the roof. They want quiet ones before windows open in May.",
        "Whose machines are too loud for people living nearby?",
    ),
    Story(
        "Half of the warehouse burned down on Sunday, and the flames took every rack. They need forty & two conveyors within ten days.\n\n"
        "Unload at gate 4; the yard < gate 3 is closed.",
        "Whose building was destroyed by a fire?",
    ),
    Story(
        "The river rose into the cellar in March, and the pumps drowned in mud. They want everything electric one floor up.",
        "Whose basement was damaged by a flood?",
    ),
    Story(
        "First talk went well. The security officer joined for the second half.\n\n"
        "She insists that personal records stay on servers inside the European Union, and wants to see the certificate.\n\n"
        "She will call again on Thursday.",
        "Whose private information must not leave Europe?",
    ),
    Story(
        "Our champion has resigned and leaves in two weeks. Nobody else there speaks up for us.\n\n"
        "Next: get to know her successor before she goes.",
        "Which supporter of ours has quit the job?",
    ),
    Story(
        "The nurses love the new beds, and the chief physician says patients sleep better. They want them on every ward & in surgery.",
        "Which hospital is pleased with our furniture?",
    ),
    Story(
        "They add up the greenhouse gas emissions of every pallet, ask for recycled packaging & want to run on renewable energy by 2030.",
        "Who cares about climate and the environment?",
    ),
    Story(
        "Walked along the line with the plant manager & both shift leads.\n\n"
        "The old press breaks down every other week: a technician was there four times this quarter to fix it.\n\n"
        "They order before the end of the month.",
        "Whose machine keeps failing and often has to be repaired?",
    ),
    Story(
        "The crews do not read English: screens & manuals have to be in French, Polish and Arabic.",
        "Who needs software translated into foreign languages?",
    ),
    Story(
        "They cannot find enough welders and turn orders away. Two more retire next year, and no apprentice has applied.\n\n"
        "Wants a line that three people can run instead of nine.",
        "Who suffers from a shortage of skilled workers?",
    ),
)

ACCOUNT_STORIES: Final = (
    Story(
        "The owner died in June after a long illness. The widow & her brother decide for now.\nBuys <spare parts> & service.",
        "Whose founder has passed away?",
    ),
    Story(
        "Sponsors the town's football club & gives its players work between seasons. "
        "The owner was a goalkeeper himself: talk about Sunday's match first.\n\n"
        "Deliveries through the gate behind the canteen.",
        "Who is a soccer fan?",
    ),
    Story(
        "Invoices are paid weeks after they fall due, the last one only after three reminders. Deliver against prepayment.",
        "Which customer pays its bills far too late?",
    ),
    Story(
        "The helpdesk hung up on them twice in March, and somebody was impolite to the manager. They still complain about it.\n\n"
        "Since then they have a named engineer & a direct line. Things are calmer.",
        "Who was treated rudely by our support and is angry?",
    ),
)

_PARAPHRASES: Final = {story.description: story.paraphrase for story in (*OPPORTUNITY_STORIES, *ACCOUNT_STORIES)}


def paraphrase_of(description: str) -> str | None:
    """The question that means this description, or None when it is none of ours."""
    return _PARAPHRASES.get(description)
