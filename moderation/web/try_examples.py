"""Comments to try the detector on, with the articles they stand under. All of it was written for this page."""

from typing import NamedTuple


class Example(NamedTuple):
    """A name for the example and what it puts into the form."""

    label: str
    fields: dict[str, str]


_TRAM = {
    "title": "The old bridge carries trams again",
    "article": (
        "After two years of work the first tram crossed the old river bridge on Monday morning, eleven minutes late "
        "and full of people who only wanted to be on it.\n\n"
        "The city replaced the steel under the roadway and kept the stone towers. Engineers had found cracks in the "
        "cross girders after the flood, and for months buses took the long way round by the harbour.\n\n"
        "Residents of the east bank, who waited longest, asked for a second stop at the market. The transport office "
        "says that it will count passengers until spring before it decides."
    ),
}
_ORCHARD = {
    "title": "Why the town keeps its orchard",
    "article": (
        "The orchard behind the school was to become a car park. Now the council has voted to keep its sixty trees, "
        "among them two varieties of pear that grow nowhere else in the county.\n\n"
        "Pupils will press the first juice in October, and whoever helps with the harvest takes a crate home."
    ),
}
EXAMPLES = {
    "praise": Example(
        "Praise with a hidden advertisement",
        {
            "body": (
                "What a wonderful article, I really enjoyed reading it and will share it with all my friends! "
                "By the way, whoever looks for a trusted agent: togel singapore hari ini, bonus new member 100%, "
                "register at www.rajatogel-menang.example"
            ),
            "name": "rajatogel menang",
            "url": "http://www.rajatogel-menang.example/daftar",
            **_TRAM,
        },
    ),
    "reader": Example(
        "A reader with an opinion",
        {
            "body": (
                "I live on the east bank and took the second tram on Monday. It still slows to a walk in the middle of "
                "the bridge. A stop at the market would help us more than the towers, however pretty they are."
            ),
            "name": "Mirjam",
            "url": "",
            **_TRAM,
        },
    ),
    "money": Example(
        "A testimonial with a contact",
        {
            "body": (
                "I lost everything last year until I met Mrs Adelheid, who trades crypto for me. I earned $8,400 in "
                "two weeks with a minimum deposit. Write to her on WhatsApp: +1 (555) 010-7733, thank me later!"
            ),
            "name": "Grateful investor",
            "url": "",
            **_ORCHARD,
        },
    ),
    "wandering": Example(
        "Off the topic, and harmless",
        {
            "body": "Does anybody know whether the swimming pool opens on Sundays? Their telephone is always engaged.",
            "name": "Jo",
            "url": "",
            **_ORCHARD,
        },
    ),
}
