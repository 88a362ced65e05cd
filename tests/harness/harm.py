"""What nobody should read over a shoulder or in a list of visited pages, in every language of the site.

Stems, because most of these languages bend their words. They say too much rather than too little: a title that is refused
for a harmless word is easily said otherwise. People who speak the languages have not checked the lists yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

# One stem or word a place, apart by spaces; a space within one is written \s.
_STEMS: Mapping[str, str] = {
    "en": r"""
        abduct abus anti-?social assault attack bereav blackmail burgl coerc convict crime criminal court danger
        dead death died domestic exploit fraud harass harm hate hub\b hurt injur justice kidnap kill murder offence
        offend perpetrat police prison prosecut rape robb scam sex slave stalk steal stole suicid terror theft
        threat traffick trauma victim violen weapon witness
        """,
    "pl": r"""
        ofiar przestęp pokrzywdz krzywd policj gwałt zgwałc przemoc \bsąd(u|em|zie|y|ów)?\b sądow napad napaść
        napaści pobi zabit zabój morder śmier zmar umar kradzie włama rabun oszu nękan prześlad stalk gro[źz]b
        molest seks nadużyc samobój niebezpiecz świad(ek|k) handl\w*\sludźmi wyzysk nienawi uraz
        """,
    "lt": r"""
        \bauk(a|os|ai|ą|oje|ų|oms|omis|as|ose)\b nukentėj nusikalt policij prievart smurt teism užpuol žmogžud nužud
        \bmir(t|ė|us) vagyst pavog apiplėš sukč persekio grasin skriaud seksual savižud pavoj liudyt liudinink
        išnaudo neapykant prekyb\w*\sžmonėmis priekabi
        """,
    "ro": r"""
        victim infrac[tţț] \bcrim poli[tţț]i \bviol violen abuz agres tribunal judecat jefui \bfurt furat
        t[âa]lh[ăa]r omor ucis moart deced [îi]n[sșş]el h[ăa]r[tțţ]ui amenin[tțţ] r[ăa]nit sinuci pericol martor
        trafic exploat \bur[ăa]\b sexual v[ăa]t[ăa]m
        """,
    "ru": r"""
        жертв потерпевш пострадавш преступ криминал полици изнасил насили \bсуд(а|у|е|ом|ы|ов)?\b судеб нападен
        избие избит убий убит смерт умер погиб краж украд краден ограб граб[её]ж мошен обман преслед угро[зж]
        домогат секс самоуб (?<!без)опасн свидетел торговл\w*\sлюдьми эксплуат ненавист травм
        """,
    "lv": r"""
        upur cietuš nozieg polic izvaro vardarb \bties(a|as|ā|u|ai|ām)\b uzbruk slepkav \bnāv \bmir(is|us|st) zādz
        zagļ nozag aplaup krāp vajāš draud(i|u|iem|ēj|ē)\b draudēj seksu pašnāv bīstam liecinie ekspluat naid
        cilvēku\stirdz ļaunprāt
        """,
    "bg": r"""
        жертв пострадал престъп полици изнасил насили \bсъд(а|ът|ове)?\b съдебн нападен побой убий убит смърт почина
        загин краж открадн обир грабеж измам преслед запла[хш] тормоз секс самоуб (?<!без)опасн свидетел трафик
        експлоат омраз травм
        """,
    "pt": r"""
        v[íi]tima \bcrim pol[íi]cia viola[çcd] viol[êe]n estupr tribunal agress assalt assassin homic[íi]d
        \bmort[eo] morreu falec roub \bfurt fraud \bburla perseg amea[çc] abus sexua suic[íi]d perig testemunh
        tr[áa]fico explora[çcr] \bódio trauma
        """,
    "ur": r"""
        متاثر مظلوم جرم جرائم پولیس عصمت زیادتی ریپ تشدد عدالت حملہ حملے قتل موت وفات مرنے چوری ڈکیتی ڈاکہ فراڈ دھوک
        دھمک ہراس ہراساں جنسی خودکش خطر گواہ استحصال نفرت اغوا بدسلوکی صدمہ
        """,
    "pa": r"""
        ਪੀੜਤ ਪੀੜਿਤ ਅਪਰਾਧ ਜੁਰਮ ਪੁਲਿਸ ਪੁਲੀਸ ਬਲਾਤਕਾਰ ਜਬਰ ਹਿੰਸਾ ਹਿੰਸਕ ਅਦਾਲਤ ਹਮਲ ਕਤਲ ਮੌਤ ਚੋਰੀ ਡਕੈਤੀ ਲੁੱਟ ਧੋਖ ਧਮਕ ਜਿਨਸੀ
        ਖੁਦਕੁਸ਼ੀ ਖ਼ੁਦਕੁਸ਼ੀ ਖ਼ਤਰ ਖਤਰ ਗਵਾਹ ਸ਼ੋਸ਼ਣ ਨਫ਼ਰਤ ਨਫਰਤ ਬਦਸਲੂਕੀ ਸਦਮ
        """,
    "uk": r"""
        жертв потерпіл постраждал злочин кримінал поліці зґвалт насил \bсуд(у|і|ом|и|ів)?\b судов напад побит
        побо[їє] вбив вбит убив смерт помер загин крад пограб грабіж шахра обман переслід погро[зж] домаган секс
        самогуб небезпе[кч] свід(ок|к) торгівл\w*\sлюдьми експлуат ненавист травм
        """,
    "ar": r"""
        ضحي ضحاي جريم جرائم مجرم شرط[ةه] اغتصاب عنف عنيف محكم محاكم اعتداء هجوم قتل موت وفا[ةه] متوف سرق سطو احتيال
        خداع تهديد تحرش ملاحق مطارد جنسي انتحار خطر شاهد شهود استغلال كراهي إساء اساء اختطاف صدم
        """,
    "zh": r"""
        受害 被害 犯罪 罪行 罪案 警察 警方 警局 公安 强奸 性侵 性暴力 暴力
        法院 法庭 袭击 攻击 谋杀 杀害 死亡 去世 逝世 盗窃 偷窃 抢劫
        入室 诈骗 欺诈 跟踪 骚扰 威胁 恐吓 虐待 伤害 自杀 危险 证人 剥削 贩卖 人口贩 仇恨 强迫 创伤
        """,
    "cs": r"""
        oběť obět poškozen trestn zločin polici znásiln násil \bsoud(u|em|y|ů)?\b soudní napad přepad vražd zabit
        smrt zemře úmrt kráde ukrad loupež vloup podvod pronásled stalk vyhrož hrozb obtěž sexuá sebevra nebezpe
        svěd(ek|k) vykořis obchod\w*\ss\slidmi nenávist zneuž týrán traumat
        """,
    "fa": r"""
        قربانی جرم جرایم جنایت پولیس پلیس تجاوز خشونت محکمه دادگاه حمله قتل مرگ فوت دزدی سرقت فریب کلاهبرداری تهدید
        آزار اذیت تعقیب جنسی خودکشی خطر شاهد استثمار بهره‌کشی نفرت اختطاف بدرفتاری لت\sو\sکوب
        """,
    "fr": r"""
        victime \bcrim[ei] délit infraction polic(e|i) \bviol(?!et) violen tribunal agress attaqu assassin meurtr
        \bmort décè décéd \bvol(s|é\w*|eur\w*)?\b cambriol escroqu fraud harc[eè]l menac abus sexuel suicid danger
        témoin \btraite\b exploit haine maltrait traumat
        """,
}
BY_LANGUAGE: Mapping[str, re.Pattern[str]] = {
    slug: re.compile("|".join(stems.split()), re.IGNORECASE) for slug, stems in _STEMS.items()
}
HARM = BY_LANGUAGE["en"]

# Every address that a request and a space may have. "police" names a question that everybody meets.
PERSONAL = re.compile(r"^/[A-Za-z-]+/(refer|return|case)(/|$)")
PERSONAL_AND_NEUTRAL = re.compile(
    r"^/[A-Za-z-]+/(refer/(|start|who|who-\d|help|help-\d|about|about-\d|police|reply|reply-\d|check|sent|done|nothing|paper|paper/large|paper/easy)"
    r"|return|return/(lost|collect|new)|case|case/messages|case/more|case/more/([1-5]|next|sent|talk)|case/sign-out"
    r"|case/approve(/[0-9a-f]{32})?|case/ask(/(all|[1-8](/sent)?))?"
    r"|case/clear(/[nm]\d+)?|case/how(/(now|talk|send|clear(/\d+)?))?"
    r"|case/copy(/clear)?|case/contact(/(stop|not-me|outline|ask|sent|change|pause|start))?"
    r"|case/notices(/seen)?|case/end(/(close|asked|delete|back|not-me|kept))?|survey|survey/sent|feedback|feedback/sent)$"
)


def says_too_much(address: str) -> bool:
    """True for an address of a request or a space that is not one of the few neutral ones, or that carries anything."""
    parts = urlsplit(address)
    if not PERSONAL.match(parts.path):
        return False
    return not PERSONAL_AND_NEUTRAL.match(parts.path) or bool(parts.query)
