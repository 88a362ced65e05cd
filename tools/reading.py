"""How hard the public English is to read, and whether it blames: python -m tools.reading

Reads translations/messages.pot, which says where each text stands, and looks at every question, hint and page of the public
side: the reading age of a page is at most 11, and 9 for what is said to the young, by Flesch and Kincaid's grade (Kincaid
and others, 1975) plus 5; no sentence has more than 20 words, and they have fewer than 15 on average; and no text holds a word
that blames or is an office's own.
What needs an exception is listed here by name, each with its reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "translations" / "messages.pot"
PUBLIC = ("app/forms/", "app/pages/portal/", "app/templates/portal/", "app/templates/components/")
NOT_PUBLIC = ("app/forms/desk", "app/forms/api.py")

OLDEST = 11.0
# Texts for younger readers.
OLDEST_IN: Mapping[str, float] = {"app/forms/young.py": 9.0, "content/guides/young.md": 9.0}
LONGEST_SENTENCE = 20
MOST_ON_AVERAGE = 15.0
# Below this there is nothing to average: a page of two buttons has no reading age.
FEWEST_WORDS = 30

# Words that put it on the person, or are an office's own, with what to say instead.
NOT_OURS: Mapping[str, str] = {
    r"why (did|have)( not|n['’]t)? you|why (didn|haven)['’]t you": "ask what made it hard, or leave it",
    r"you (should|ought to) have|failed to|refus(ed|al) to|your fault": "say what can be done now",
    r"alleg\w*|claim(ed|s|ing)?": "say what happened, or 'told us'",
    r"accidents?": "collision",
    r"victims?|complainants?|perpetrators?|offenders?|suspects?|aggrieved": "the person, they",
    r"vulnerable|non-?compliant|hard to reach|disclos\w*|denied|admit\w*": "say it plainly",
    r"referr(al|als|ed|ing)|referees?": "your request",
    r"service users?|clients?|cases? (worker|number)s?|stakeholders?|multi-agency|signpost\w*|safeguarding": "say it plainly",
    r"commence\w*|prior to|in order to|pursuant|utili[sz]e\w*|herein|aforementioned": "a short word",
    r"hearing[- ]impaired|wheelchair[- ]bound|suffers? from|suffering from": "Deaf; uses a wheelchair; has",
    r"illegal immigrants?|committed suicide|battered|domestics?": "plain and without blame",
}

# Names of others, which we cannot change.
NAMES: Mapping[str, str] = {
    "Victims' Code": "the name of a law's code of practice, under which people look for it",
    "Victims’ Code": "the same, as it is printed",
    "Victim Contact Scheme": "a scheme's own name",
    "Victims’ Right to Review": "a scheme's own name",
    "Victim Liaison Officer": "a job's own title",
    "Victim Personal Statement": "the Code's own name for it, under which people are asked for it",
    "Victim and Witness Hub": "the Hub's own name",
    "Victim Care Co-ordinator": "a job's own title",
    "Road Victims Trust": "a charity's own name",
    "Victim Support": "a charity's own name",
}
# Texts that may have a longer sentence, and pages that may be harder, each with its reason.
EXEMPT_SENTENCES: Mapping[str, str] = {
    (
        "If we think that you or another child is being badly hurt, we may have to tell someone whose job is to keep "
        "children safe. We will try to tell you first."
    ): "what a child is told before telling us is agreed wording, to be changed only by whoever answers for it",
}
EXEMPT_PAGES: Mapping[str, str] = {}

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
MARKUP = re.compile(r"<[^>]*>|&[a-z]+;")
SENTENCE_END = re.compile(r"(?<=[.!?])[”\"’)]*\s+|\n+")
WHOLE = re.compile(r"[.!?][”\"’)]*\s*$")
WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d[\d,.:/ ]*\d|\d")
VOWELS = re.compile(r"[aeiouy]+")
# Endings whose vowel is not said on its own.
SILENT = re.compile(r"(?:[^laeiouy]e|[^aeiouydt]ed|[^aeiouysxzcg]es|[^aeiouy]ely)$")

# Neighbouring vowels that are said one by one.
TWO_VOWELS = re.compile(
    "ia|io(?!n)|iu|ie(?:n[ct]|t)|[^q]ua[lt]|eo(?!u|p)|[^aeiou]uou|creat|being|doing|going|seeing|idea|real[^m]"
)


@dataclass(frozen=True)
class Measure:
    """A page: its words and sentences counted, and its reading age in years."""

    words: int
    sentences: int
    syllables: int

    @property
    def average(self) -> float:
        """Words in a sentence."""
        return self.words / max(1, self.sentences)

    @property
    def age(self) -> float:
        """Flesch-Kincaid grade, as the age at which an English school has that grade."""
        return 0.39 * self.average + 11.8 * self.syllables / max(1, self.words) - 15.59 + 5


def syllables(word: str) -> int:
    """About how many syllables an English word has; at least one. Figures are one each, as they are seen, not said."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if not letters:
        return 1
    count = len(VOWELS.findall(letters))
    if SILENT.search(letters) and count > 1:
        count -= 1
    if TWO_VOWELS.search(letters):
        count += 1
    return max(1, count)


def sentences(text: str, *, whole: bool = False) -> list[list[str]]:
    """The words of each sentence; with `whole` without headings and choices, which have no end of a sentence.

    A placeholder is one word; mark-up is none.
    """
    plain = MARKUP.sub(" ", PLACEHOLDER.sub("name", text)).replace("%%", "%")
    found = (WORD.findall(part) for part in SENTENCE_END.split(plain) if WHOLE.search(part) or not whole)
    return [words for words in found if words]


def measure(texts: Iterable[str]) -> Measure:
    """All whole sentences of a page together: many short choices would make any page look easy."""
    split = [sentence for text in texts for sentence in sentences(text, whole=True)]
    words = [word for sentence in split for word in sentence]
    return Measure(len(words), len(split), sum(map(syllables, words)))


def by_page(template: Path = TEMPLATE) -> dict[str, list[str]]:
    """The public texts of messages.pot by the file that they stand in; each form of a plural is a text."""
    pages: dict[str, list[str]] = defaultdict(list)
    with template.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        texts = message.id if isinstance(message.id, (list, tuple)) else [message.id]
        for place, _line in message.locations:
            if message.id and place.startswith(PUBLIC) and not place.startswith(NOT_PUBLIC):
                pages[place] += [str(text) for text in texts]
    return dict(sorted(pages.items()))


def problems(pages: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """What is wrong, one line each."""
    for page, texts in pages.items():
        own = list(texts)
        for text in own:
            yield from (f"{page}: {problem}: {text!r}" for problem in _of_text(text))
        counted = [text for text in own if text not in EXEMPT_SENTENCES]
        found = measure(counted)
        if page in EXEMPT_PAGES or found.words < FEWEST_WORDS:
            continue
        oldest = OLDEST_IN.get(page, OLDEST)
        if found.age > oldest:
            yield f"{page}: reading age {found.age:.1f}, more than {oldest:.0f}"
        if found.average >= MOST_ON_AVERAGE:
            yield f"{page}: {found.average:.1f} words in a sentence on average, not under {MOST_ON_AVERAGE:.0f}"


def _of_text(text: str) -> Iterator[str]:
    if text not in EXEMPT_SENTENCES:
        for words in sentences(text):
            if len(words) > LONGEST_SENTENCE:
                yield f"a sentence of {len(words)} words"
    for name in NAMES:
        text = text.replace(name, "")
    for pattern, instead in NOT_OURS.items():
        if found := re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE):
            yield f"“{found[0]}” is not ours to say ({instead})"


def unused_exemptions(pages: Mapping[str, Iterable[str]]) -> list[str]:
    """Exceptions for what is no longer there."""
    texts = {text for own in pages.values() for text in own}
    lost = [text for text in EXEMPT_SENTENCES if text not in texts]
    return lost + [page for page in EXEMPT_PAGES if page not in pages]


def main() -> None:
    pages = by_page()
    found = [*problems(pages), *(f"an exception for nothing: {each!r}" for each in unused_exemptions(pages))]
    for problem in found:
        print(problem)
    if found:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
