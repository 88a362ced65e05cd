"""Strings that have broken forms, databases and pages before, and the writing systems that people here use.

All of them may be written anywhere and arrive as they were typed. What no page can hold stands apart, in `UNSHOWABLE`.
"""

from __future__ import annotations

from collections.abc import Iterable

# Between strings that travel together: two signs that no string here holds.
BETWEEN = "⟡⟡"
COMBINING = "".join(chr(code) for code in range(0x0300, 0x0310))

# One line each, at most as long as the shortest field.
ONE_LINE: tuple[str, ...] = (
    # Words that programs take for something else
    "NULL", "null", "None", "nil", "undefined", "NaN", "-Infinity", "true", "FALSE", "0", "-0", "00", "1e309",
    "0x10", "1/0",
    "__proto__", "constructor", "[object Object]", "CON", "lpt1", "Scunthorpe", "Mr Test", "Miss Null",
    "O’Brien", "O'Neil",
    # Quotes, brackets, slashes
    "'", '"', "''", "`", "\\", "\\\\", "/", "<", ">", "&", "#", "%", "%%", ";", "--", "“double” ‘single’",
    "«guillemets»", "[]{}()",
    # Mark-up and scripts
    "<script>alert(1)</script>", "</textarea><b>bold", "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)", "<!-- <script>", "]]>", "<![CDATA[x]]>", "<?php phpinfo(); ?>", "<svg/onload=alert(1)>",
    "&lt;b&gt;", "&amp;amp;", "&#60;", "&#x3c;", "&nbsp", "&notit;", "<bdo dir=rtl>abc</bdo>",
    "</title></main></body>",
    # Templates, formats, escapes
    "{{ 7 * 7 }}", "{% raw %}", "{{ config }}", "${7*7}", "#{7*7}", "{0}", "{name!r}", "%s%d%n", "%(count)s",
    "%(error)", "$(id)",
    "\\n", "\\u0041", "\\x41", "%00", "%0d%0aSet-Cookie: a=b", "%C0%AF", "%ED%A0%80", "%ud800", "+", "a+b",
    "a%20b", "a&b=c", "?x=1#y",
    # Databases, shells, files, tables
    "'; DROP TABLE item; --", "1 OR 1=1", "' UNION SELECT NULL --", "\\'; --", "%_%", "| cat /etc/passwd",
    "`id`", "; ls -la",
    "../../../etc/passwd", "..\\..\\boot.ini", "C:\\nul", "file:///etc/hosts", "=1+1", "@SUM(A1)",
    "+441632960123", "-2+3", "a,b;c\td",
    # Letters on letters, letters made of letters
    "e\u0301 is not é", "Å Å Å", "ﬁ ﬂ ﬀ", "ß ẞ ſ", "İ ı i I", "Ǆ ǅ ǆ", "１２３ ＡＢＣ", "𝒷𝓁𝒶𝒸𝓀 𝟘𝟙", "①②③ ⅷ ½", "ﷺ",
    "㎏ ㍿", "Ω Ω",
    f"a{COMBINING}b", "Z͑ͫ̓ͪ̂a̸l̴g̵o̶", "น้ำ เก้ ก็็็", "क्षि ज्ञ", "ᄒ\u1161\u11ab 한", "\u0301 alone",
    # What has no width, what turns the line, what is not there
    "a\u200bb", "a\u200cb\u200dc", "a\u2060b\ufeffc", "so\u00adft", "\u202eturned\u202c",
    "\u2067isolated\u2069", "\u200fab\u200e",
    "\u202a07700 900111\u202c", "a\u00a0b", "a\u2003b\u2009c\u202fd", "a\u3000b", "a\u2028b\u2029c",
    "\u180e|\u115f|\u3164|\u2800|",
    "\ufffd", "\U000e0041 tag", "\ue000 private", "\U0010fffd", "a\ufe0f\ufe0e",
    # Pictures of several parts
    "👩‍👩‍👧 🏳️‍🌈 👋🏽", "🇺🇦🇱🇹🇵🇱", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣", "❤️‍🔥 🧑🏿‍🦽‍➡️", "¯\\_(ツ)_/¯", "ʕ•ᴥ•ʔ", "☂ ☃ ♿ ⚠",
    # Whole words without an end
    "a" * 60, "W" * 59, "ŵ" * 50, "𝓌" * 40, "漢" * 40, "-" * 60, "a." * 30,
)  # fmt: skip

# Twelve writing systems of people who live here, beside Latin in four of its dresses.
SCRIPTS: tuple[str, ...] = (
    "Zażółć gęślą jaźń", "Įlinkdama fechtuotojo špaga", "Muițelul țâfnos și șchiop", "Příliš žluťoučký kůň",  # Latin
    "Помогите мне, пожалуйста", "Щастя, їжак, ґанок", "Ъгъл и щъркел",  # Cyrillic
    "مجھے مدد چاہیے ہے", "أحتاج إلى مساعدة", "من کمک می‌خواهم", "ګرځېدل ښه دي",  # Arabic script: four languages
    "ਮੈਨੂੰ ਮਦਦ ਚਾਹੀਦੀ ਹੈ", "मुझे मदद चाहिए", "আমার সাহায্য দরকার", "எனக்கு உதவி வேண்டும்",  # four of India
    "我需要帮助", "助けてください", "도와주세요",  # Chinese, Japanese, Korean
    "Χρειάζομαι βοήθεια", "אני צריכה עזרה", "እርዳታ እፈልጋለሁ", "ฉันต้องการความช่วยเหลือ", "ինձ օգնություն է պետք",
    "დამეხმარეთ",
)  # fmt: skip

# Only where there is room for several lines.
SEVERAL_LINES: tuple[str, ...] = (
    "first line\nsecond line", "one\n\n\nfour", "\tindented\n\t\ttwice", "list:\n- a\n- b",
    "مرحبا\nhello\nשלום", "a \n b",
    "Subject: no\nBcc: no@example.org\n\n.\nQUIT", "--boundary\nContent-Disposition: form-data; name=\"x\"",
    "<pre>\n</pre>",
)  # fmt: skip

# What no page can hold (HTML, "preprocessing the input stream"), each within words.
UNSHOWABLE: tuple[str, ...] = tuple(
    f"be{chr(code)}fore"
    for code in (
        *range(0x09),
        0x0B,
        0x0C,
        *range(0x0E, 0x20),
        *range(0x7F, 0xA0),
        0xFDD0,
        0xFDEF,
        0xFFFE,
        0xFFFF,
        0x10FFFF,
    )
)


def packed(strings: Iterable[str], *, most: int) -> list[str]:
    """All strings, as many together as `most` letters hold. Raises ValueError for one that is too long by itself."""
    packs: list[str] = []
    for each in strings:
        if len(each) > most:
            raise ValueError(f"{each!r} is longer than {most}")
        if packs and len(packs[-1]) + len(BETWEEN) + len(each) <= most:
            packs[-1] += BETWEEN + each
        else:
            packs.append(each)
    return packs
