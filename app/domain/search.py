"""Finding what to read by anybody's own words: forgiving of spelling, endings, accents, case and ways to write a letter.

Everything here is worked out in memory and bounded by the length of the question; nothing of a question stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

# A question is looked at so far and no further.
MOST_LETTERS = 200
MOST_WORDS = 40
MOST_FOUND = 8
# Of the weight of a question's words, how much a page must have to be an answer.
LEAST_SHARE = 0.45
# What is less than so much of an answer as the best one is left out.
FAR_BEHIND = 0.35
# How much a page's field says of it: what people would ask, its title, its headings, its text.
ASKED, TITLE, HEADING, TEXT, ANYWHERE = 6.0, 4.0, 2.5, 1.5, 2.0
# A word that is nearly the one that was typed counts less.
SLIP = 0.7
# Of the most that a word can be worth, what one is worth that no page knows.
UNKNOWN = 0.5
# How much more a rare word says than a common one.
STEEPNESS = 1.5
# Words shorter than these are taken as they are: a slip in them, or another ending, makes another word.
SHORTEST_WITH_SLIP = 5
SHORTEST_WITH_ENDING = 4
LONG = 8
# Between two words of a phrase of danger others may stand ("kill bloody myself").
MOST_BETWEEN = 2
SHORTEST_ARTICLED = 5

_APOSTROPHES = re.compile("['\u2019\u2018\u02bc\u02bb`\u00b4\u05f3\uff07]")
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# In Persian the sign of the present stands apart, joined, or with a sign between that cannot be seen.
_PRESENT = re.compile("\\b(ن?می) +(?=\\w)")
_PIECES = re.compile(f"[{_CJK}]+|[^{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")
# Letters that do not come apart by themselves (Unicode, NFKD), and letters that Arabic, Persian and Urdu write differently.
_ALIKE = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ґ": "г",
        "ي": "ی", "ى": "ی", "ے": "ی", "ك": "ک", "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ں": "ن", "ٱ": "ا", "ۃ": "ه",
        "ـ": None, "\u200c": None, "\u200d": None, "\u00ad": None, "ء": None, "ੰ": "ਂ", "ੱ": None,
    }
)  # fmt: skip


def N_(message: str) -> str:  # noqa: N802 - the name that message extraction looks for
    """Mark `message` for translation where it stands; it is looked up when it is shown."""
    return message


@dataclass(frozen=True)
class SitePage:
    """A page about this site or one of its tools: its title and what it tells, messages to translate."""

    title: str
    teaser: str = ""


# By path below the language. content/search.yaml has what people would ask for.
SITE_PAGES: Mapping[str, SitePage] = {
    "help-now": SitePage(
        N_("Get help now"), N_("Please do not wait for us. Talk to someone now. Some of these answer day and night.")
    ),
    "refer/start": SitePage(N_("Ask for support"), N_("5 questions, 5 to 10 minutes. You can leave any question.")),
    "support": SitePage(
        N_("Find local help"), N_("Choose what fits, and leave the rest. You do not have to choose anything.")
    ),
    "rights": SitePage(
        N_("Where do I stand?"),
        N_("Choose what fits best. You read what applies, what you can choose, by when, and whom to ask."),
    ),
    "rights/code": SitePage(
        N_("The twelve rights, and by when"),
        N_("The Victims’ Code says what the police, courts and others must do for you."),
    ),
    "police-case": SitePage(
        N_("News of a police or court case"), N_("You can ask for news at any time. You need no reason.")
    ),
    "case-review": SitePage(
        N_("Can you ask for a case review?"),
        N_(
            "The same trouble comes back, and telling people has not stopped it. You can ask the council, the police and "
            "others to look at it again together."
        ),
    ),
    "diary": SitePage(
        N_("Diary"),
        N_("Two sheets to write down what happens. They help when you tell the council, the police or your landlord."),
    ),
    "safety": SitePage(
        N_("Staying safe on this site"),
        N_(
            "Somebody may look at your phone or computer. Nobody can promise that they see nothing. Here is what you can do."
        ),
    ),
    "complaints": SitePage(
        N_("Complaints"),
        N_("If something went wrong, you may say so. It does not change the support that you get."),
    ),
    "return": SitePage(N_("I have been here before"), N_("This opens your space with the Hub.")),
    "how-it-works": SitePage(N_("How it works"), N_("Asking for support is not the same as reporting a crime.")),
    "languages": SitePage(N_("Languages"), N_("We can find an interpreter.")),
    "refer/paper": SitePage(N_("The questions on paper"), N_("Two sides, to fill in by hand. Somebody may help you.")),
    "easy-read": SitePage(N_("Easy Read")),
    "posters": SitePage(
        N_("Posters and cards to print"),
        N_("For libraries, surgeries, places of worship, food banks, schools, and anyone who wants to help."),
    ),
    "pledge": SitePage(N_("Our pledge")),
    "pledge/results": SitePage(
        N_("Did we keep our promises?"), N_("We say when we kept a promise, and when we did not.")
    ),
    "feedback": SitePage(N_("Feedback"), N_("Tell us what was hard to use, hard to understand, or wrong.")),
    "privacy": SitePage(N_("Privacy"), N_("You do not have to give your name, your address or any way to reach you.")),
    "accessibility": SitePage(N_("Accessibility")),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page that can be found: its path below the language, the language (a slug) of its words, and those words.

    `is_named_in_english`: the title is a name that stays what it is in every language.
    """

    path: str
    language: str
    title: str
    teaser: str = ""
    is_named_in_english: bool = False
    asked: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def folded(text: str) -> str:
    """A text without what people leave out, mistake or write in several ways: accents, case, apostrophes, forms of a letter."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text[: MOST_LETTERS * 50])).casefold()
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return kept.translate(_ALIKE)


def words(text: str) -> list[str]:
    """The words of a text, folded, in their order; Chinese by neighbouring pairs of signs, for it has no spaces."""
    found: list[str] = []
    letters = "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in folded(text))
    for run in _PRESENT.sub(r"\1", letters).split():
        for piece in _PIECES.findall(run):
            if not _IS_CJK.match(piece):
                found.append(_without_article(piece))
            elif len(piece) == 1:
                found.append(piece)
            else:
                found += [piece[at : at + 2] for at in range(len(piece) - 1)]
    return found


class Vocabulary:
    """Known words, found again from what was typed: with one slip of the finger, or with another ending."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._by_rest: dict[str, list[str]] = defaultdict(list)
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._known):
            if len(word) >= SHORTEST_WITH_ENDING:
                self._by_start[word[:SHORTEST_WITH_ENDING]].append(word)
            if len(word) >= SHORTEST_WITH_SLIP:
                for rest in _rests(word):
                    self._by_rest[rest].append(word)

    def slips(self, word: str) -> Iterator[str]:
        """The known words that an unknown one is a slip away from: a letter too many, too few, wrong, or two in the wrong order.
        In long words, sometimes two."""
        if len(word) < SHORTEST_WITH_SLIP or word in self._known:
            return
        near = {found for rest in _rests(word) for found in self._by_rest.get(rest, ())} - {word}
        for found in sorted(near):
            if _slips(word, found) <= (2 if min(len(word), len(found)) >= LONG else 1):
                yield found

    def near(self, word: str) -> dict[str, float]:
        """The known words that may be meant, each with how well it fits: 1 for the word itself."""
        found: dict[str, float] = {word: 1.0} if word in self._known else {}
        if len(word) < SHORTEST_WITH_ENDING:
            return found
        for other in self._by_start.get(word[:SHORTEST_WITH_ENDING], ()):
            shared, longest = _shared_start(word, other), max(len(word), len(other))
            if other != word and shared >= longest - 3 and shared / longest > 0.56:
                found[other] = (shared / longest) ** 2
        for other in self.slips(word):
            found[other] = max(found.get(other, 0.0), SLIP)
        return found


@dataclass(frozen=True)
class _Piece:
    """A piece of a page's words: which entry, what it says of it, and the weight of all its words."""

    entry: int
    strength: float
    weight: float


class Index:
    """Some pages, ready to be looked through. Made once; looking changes nothing in it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self._by_path = {entry.path: entry for entry in self._entries}
        pieces = [
            (number, strength, frozenset(words(text)))
            for number, entry in enumerate(self._entries)
            for strength, texts in (
                (ASKED, entry.asked),
                (TITLE, (entry.title,)),
                (HEADING, entry.headings),
                (TEXT, (entry.teaser, *entry.texts)),
            )
            for text in texts
        ]
        places: dict[str, list[int]] = defaultdict(list)
        for at, (_, _, own) in enumerate(pieces):
            for word in own:
                places[word].append(at)
        self._places = dict(places)
        # The rarer a word is among all pieces, the more it says (inverse document frequency).
        self._unknown = UNKNOWN * log(1 + len(pieces)) ** STEEPNESS
        self._weights = {word: log(1 + len(pieces) / len(found)) ** STEEPNESS for word, found in places.items()}
        self._pieces = [
            _Piece(number, strength, sum(self._weights[word] for word in own)) for number, strength, own in pieces
        ]
        self._vocabulary = Vocabulary(places)

    def get(self, path: str) -> Entry | None:
        """The page with this path, if there is one."""
        return self._by_path.get(path)

    def find(self, question: str, *, most: int = MOST_FOUND) -> tuple[Entry, ...]:
        """The pages that answer best, best first; among equals in the order of the index. None where nothing fits."""
        asked = list(dict.fromkeys(words(question[:MOST_LETTERS])))[:MOST_WORDS]
        fits: dict[int, float] = defaultdict(float)
        anywhere: dict[int, float] = defaultdict(float)
        total = 0.0
        for word in asked:
            near = self._vocabulary.near(word)
            # What a word is worth is what the rarest word that it may stand for is worth; nothing known: a fair part of
            # the most there is.
            worth = max((self._weights[known] * fit for known, fit in near.items()), default=self._unknown)
            total += worth
            best: dict[int, float] = {}
            for known, fit in near.items():
                gain = min(worth, self._weights[known]) * fit
                for at in self._places[known]:
                    if gain > best.get(at, 0.0):
                        best[at] = gain
            widest: dict[int, float] = {}
            for at, gain in best.items():
                fits[at] += gain
                number = self._pieces[at].entry
                if gain > widest.get(number, 0.0):
                    widest[number] = gain
            for number, gain in widest.items():
                anywhere[number] += gain
        if not total:
            return ()
        scores = self._scores(fits, total=total)
        ranked = sorted(
            (-(scores[number] + ANYWHERE * share / total), number)
            for number, share in anywhere.items()
            if share / total >= LEAST_SHARE
        )
        return tuple(self._entries[number] for score, number in ranked[:most] if score <= FAR_BEHIND * ranked[0][0])

    def _scores(self, fits: Mapping[int, float], *, total: float) -> dict[int, float]:
        """By entry: its best field of each strength, by how much of the question is in it and how little else."""
        best: dict[tuple[int, float], float] = defaultdict(float)
        for at, gain in fits.items():
            piece = self._pieces[at]
            share = gain / total
            if piece.strength > TEXT:
                share *= 0.4 + 0.6 * min(1.0, gain / piece.weight)
            key = (piece.entry, piece.strength)
            best[key] = max(best[key], share)
        scores: dict[int, float] = defaultdict(float)
        for (number, strength), share in best.items():
            scores[number] += strength * share
        return scores


@dataclass(frozen=True)
class _Phrase:
    """A phrase of danger as it is looked for: words in their order, or signs without spaces."""

    kind: str
    words: tuple[str, ...] = ()
    signs: str = ""


class DangerWords:
    """Phrases that call for somebody to talk to now: by kind (the id of a group of "Get help now"), in any language.

    A word that ends in * stands for every word that begins so.
    """

    def __init__(self, by_kind: Mapping[str, tuple[str, ...]]) -> None:
        self.by_kind = by_kind

    # Made when somebody first looks for something: not every process is asked.
    @cached_property
    def _phrases(self) -> tuple[_Phrase, ...]:
        return tuple(_phrase(kind, text) for kind, texts in self.by_kind.items() for text in texts)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary({word for phrase in self._phrases for word in phrase.words if not word.endswith("*")})

    def kinds(self, question: str) -> tuple[str, ...]:
        """The kinds of danger that a question speaks of, in the order of `by_kind`."""
        asked = question[:MOST_LETTERS]
        signs = "".join(folded(asked).split())
        said = [{word, *(self._vocabulary.slips(word))} for word in words(asked)[: MOST_LETTERS // 2]]
        every = {word for each in said for word in each}
        found = {
            phrase.kind
            for phrase in self._phrases
            if (phrase.signs and phrase.signs in signs)
            or (phrase.words and _is_among(phrase.words[0], every) and _says(said, phrase.words))
        }
        return tuple(kind for kind in self.by_kind if kind in found)


def _phrase(kind: str, text: str) -> _Phrase:
    if _IS_CJK.search(text):
        return _Phrase(kind, signs="".join(folded(text).split()))
    found: list[str] = []
    for part in text.split():
        own = words(part)
        found += [*own[:-1], own[-1] + "*"] if part.endswith("*") and own else own
    return _Phrase(kind, words=tuple(found))


def _is_among(word: str, said: set[str]) -> bool:
    return word in said or (word.endswith("*") and any(each.startswith(word[:-1]) for each in said))


def _says(said: Sequence[set[str]], phrase: tuple[str, ...]) -> bool:
    """Whether the words of a phrase come in their order, each at most a few words after the one before."""
    ends = {at for at, here in enumerate(said) if _is_among(phrase[0], here)}
    for word in phrase[1:]:
        after = {at + step for at in ends for step in range(1, MOST_BETWEEN + 2) if at + step < len(said)}
        ends = {at for at in after if _is_among(word, said[at])}
    return bool(ends)


def _without_article(word: str) -> str:
    """An Arabic word without its article."""
    return word[2:] if len(word) >= SHORTEST_ARTICLED and word.startswith("ال") else word


def _rests(word: str) -> Iterator[str]:
    """The word, and what is left of it without any one letter."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _shared_start(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    for at, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return at
    return min(len(one), len(other))


def _slips(one: str, other: str) -> int:
    """How many slips make one word of the other: letters put in, left out, changed, or two neighbours swapped (optimal string
    alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, sign in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != sign))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == sign:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
