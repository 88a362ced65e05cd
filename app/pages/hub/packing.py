"""What was agreed to, put in words for another service: exactly these kinds, and never a way to reach somebody without what
makes it safe. In English, which is the language in which services here work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext

from app.domain.area import Area
from app.domain.contact import VOICE_WAYS, Allowed, ContactPlan, Way, WayPlan
from app.domain.handover import Kind
from app.domain.languages import Languages
from app.domain.packet import Line, Section
from app.domain.referral import Addition
from app.forms import how, more
from app.forms.refer import JOURNEY, TIMES
from app.forms.summary import Line as Answered
from app.forms.summary import labels_of, summary
from app.pages.hub import words
from app.services.hub.handing import Material

# So much of an address shows where the plan does not allow its use at this moment.
SHOWN_END = 3
# Of "What to know to treat me well": what somebody needs to take part, and what not to do. Not their faith.
TAKING_PART = ("access", "worker", "interpreter", "interpreter_is", "please_do_not")


def sections_of(
    made_of: Material, *, needs: Sequence[str], area: Area, languages: Languages, masked: bool = False
) -> tuple[Section, ...]:
    """The sections of a packet. `masked` hides most of each address that may not be used at this moment: for the screen."""
    kinds = set(made_of.kinds)
    answers = made_of.case.referral.answers
    asked = summary(JOURNEY.path(answers), answers, languages=languages, districts=area.districts)
    found = [Section(gettext("What we ask you to take over"), _taken_over(needs))]
    if Kind.NAME.value in kinds:
        name = answers.get("reply", {}).get("name")
        found.append(Section(gettext("Name"), _one(gettext("The name they go by"), name)))
    if Kind.PLAN.value in kinds:
        reach = Kind.REACH.value in kinds
        found += _contact(made_of, with_address=reach, masked=masked)
    if Kind.REACH.value not in kinds or not made_of.plan.wanted:
        line = Line(gettext("Do not contact them yourselves"), _ask_us(area))
        found.append(Section(gettext("No way to reach them is passed on"), (line,)))
    if Kind.ACCESS.value in kinds:
        lines = (*_of(asked, "reply.language", "interpreter"), *_taking_part(made_of.case.additions))
        found.append(Section(gettext("Language, and what they need to take part"), lines))
    if Kind.HELP.value in kinds:
        found.append(Section(gettext("What would help them"), _of(asked, "help.help")))
    if Kind.HAPPENED.value in kinds:
        found.append(
            Section(
                gettext("What kind of thing happened, as they ticked it"),
                _of(asked, "about.to_whom", "about.happened", "about.ongoing"),
            )
        )
    if Kind.WROTE.value in kinds:
        found.append(Section(gettext("In their own words"), _own_words(made_of.case.additions)))
    if made_of.notes:
        label = gettext("They wrote, for you")
        found.append(
            Section(gettext("What they said about being passed on"), tuple(Line(label, n) for n in made_of.notes))
        )
    found.append(Section(gettext("If something is not clear"), (Line(gettext("Ask us"), _ask_us(area)),)))
    return tuple(each for each in found if each.lines)


def _taken_over(needs: Sequence[str]) -> tuple[Line, ...]:
    labels = how.labels()
    said = [labels[each] for each in needs if each in labels]
    if said:
        return (
            Line(gettext("Only this"), "; ".join(said)),
            Line(gettext("All else"), gettext("stays with us.")),
        )
    return (Line(gettext("Their support"), gettext("all of it.")),)


def _contact(made_of: Material, *, with_address: bool, masked: bool) -> list[Section]:
    plan = made_of.plan
    labels = labels_of("reply", "ways")
    wish = (
        gettext("They want to be contacted, in these ways only.") if plan.wanted else gettext("They want no contact.")
    )
    lines = [Line(gettext("Their wish"), wish)]
    if plan.sign:
        lines.append(
            Line(
                gettext("Means “I cannot talk freely”"),
                f"{plan.sign}\n{gettext('If they say or write this, stop or change the subject. Ask nothing.')}",
            )
        )
    others = [labels[way.value] for way in Way if way not in {each.way for each in _usable(plan)}]
    lines.append(Line(gettext("Never"), ", ".join(others)))
    found = [Section(gettext("How they may be contacted safely"), tuple(lines))]
    for way in _usable(plan):
        hide = masked and not isinstance(made_of.decisions.get(way.way), Allowed)
        found.append(Section(labels[way.way.value], _way(way, with_address=with_address, hide=hide)))
    return found


def _usable(plan: ContactPlan) -> list[WayPlan]:
    return [each for each in plan.ways if each.missing is None] if plan.wanted else []


def _way(way: WayPlan, *, with_address: bool, hide: bool) -> tuple[Line, ...]:
    found: list[Line] = []
    if with_address:
        shown = f"… {way.address.strip()[-SHOWN_END:]}" if hide else way.address.strip()
        found.append(Line(gettext("Number or address"), shown))
    if way.way is not Way.LETTER:
        boxes = {box.value for box in way.boxes}
        times = [str(label) for box, label in TIMES.items() if box in boxes]
        found.append(Line(gettext("Only at these times"), "; ".join(times)))
    if way.not_in_school_hours:
        found.append(Line(gettext("Never"), gettext("in school hours: Monday to Friday, 8:30 to 3:30.")))
    found += _one(gettext("They say about times"), way.own_times)
    if way.way in VOICE_WAYS:
        found += [
            Line(gettext("Ask for"), way.ask_for or way.person or gettext("The name they go by, nothing else")),
            Line(gettext("Say that you are"), way.say or gettext("Your first name, nothing else")),
            Line(
                gettext("Do not say"),
                gettext("Who we are, where you call from, or what it is about, until you know who is there."),
            ),
            Line(gettext("If someone else answers"), words.if_answered(way.if_answered)),
            Line(gettext("Your number"), words.number_rule(shown=way.show_number)),
        ]
    elif way.way is Way.LETTER:
        found.append(Line(gettext("Name on the envelope"), way.ask_for or gettext("The name they go by, nothing else")))
    found.append(Line(words.message_label(way.way), words.message_rule(way.way, allowed=way.message_allowed)))
    shared = labels_of("reply-call", "shared")
    not_said = gettext("Not said: take it that someone else might")
    found.append(Line(gettext("Who could answer or see it"), shared.get(way.shared or "") or not_said))
    if way.person:
        rule = (
            gettext("Tell them only that the person can talk to you.")
            if way.may_be_told
            else gettext("They may not know. Do not contact them.")
        )
        found.append(Line(gettext("Whom they trust"), f"{way.person}. {rule}"))
    if way.way is Way.BSL:
        found += _one(gettext("How"), labels_of("reply-bsl", "how").get(way.how or ""))
        found += _one(gettext("Interpreter"), labels_of("reply-bsl", "woman_or_man").get(way.woman_or_man or ""))
        avoid = [label for value, label in labels_of("reply-bsl", "avoid").items() if value in way.avoid]
        found += _one(gettext("Not as interpreter"), "; ".join(avoid))
    return tuple(found)


def _of(asked: Sequence[Answered], *ids: str) -> tuple[Line, ...]:
    """What was answered to these questions: a step's name stands for all of its questions."""
    return tuple(
        Line(each.label, "; ".join(each.values))
        for wanted in ids
        for each in asked
        if each.values and not each.is_address and (each.id == wanted or each.id.startswith(f"{wanted}."))
    )


def _taking_part(additions: Sequence[tuple[Any, Addition]]) -> list[Line]:
    """What they told in "What to know to treat me well", newest last, each as it was asked."""
    asked = more.questions(more.TreatForm)
    found = []
    for _, addition in additions:
        answers = addition.content.get("answers")
        if addition.kind != "treat" or not isinstance(answers, dict):
            continue
        shown = more.shown(
            Addition(
                kind="treat",
                content={
                    **addition.content,
                    "answers": {name: answers[name] for name in TAKING_PART if name in answers and name in asked},
                },
            )
        )
        found += [Line(each.label, "; ".join(each.values)) for each in (shown.told if shown else ()) if each.values]
    return found


def _own_words(additions: Sequence[tuple[Any, Addition]]) -> tuple[Line, ...]:
    found = []
    for at, addition in additions:
        answers = addition.content.get("answers")
        text = answers.get("text") if addition.kind == "words" and isinstance(answers, dict) else None
        if isinstance(text, str) and text:
            found.append(Line(f"{at:%d/%m/%Y}", text))
    return tuple(found)


def _one(label: str, value: Any) -> tuple[Line, ...]:
    return (Line(label, value),) if isinstance(value, str) and value.strip() else ()


def _ask_us(area: Area) -> str:
    phone = area.hub_phone
    return f"{area.hub_name}, {phone.number}" if phone is not None and phone.may_show else area.hub_name
