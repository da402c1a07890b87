"""How callers ask in English not to be called any more: a small grammar, because so much else is said with the same words.

Each rule is what is said, and what may not stand before it: words that make it somebody else's wish, a statement, a question or its
opposite ("my neighbour doesn't stop calling me", "he said don't call me again", "I don't want to opt out"). Texts are compared as
``stops.normalised`` spells them. What may stand behind it is in ``opt_out_behind``.
"""

from __future__ import annotations

import re

from callwright.conversation import opt_out_behind as behind
from callwright.conversation.opt_out_behind import NO_MORE, WHOM

Rule = tuple[re.Pattern[str], re.Pattern[str] | None]
"""What is said, and what may not stand directly before it."""

_CALL_ALONE = r"(?:call|phone|ring|telephone|contact|dial|bother|harass)"
_CALLING_ALONE = r"(?:calling|phoning|ringing|telephoning|contacting|dialing|dialling|bothering|harassing)"
# Who asks for no calls and no texts asks for no calls; who asks for no texts alone may want a call instead.
_CALL = rf"(?:(?:text|message|e?mail) (?:or|and) )?{_CALL_ALONE}(?: (?:or|and) (?:text|message|e?mail))?"
_CALLING = rf"(?:(?:texting|messaging) (?:or|and) )?{_CALLING_ALONE}(?: (?:or|and) (?:texting|messaging))?"
_CALLED = r"(?:called|phoned|contacted|telephoned|rung)(?: by (?:you|anyone|phone|telephone))*"
_MY_NUMBER = r"my (?:phone |mobile |cell |telephone )?number"

_HELPER = (
    r"(?:do|does|did|don't|doesn't|didn't|will|won't|would|wouldn't|can|can't|could|couldn't|should|shouldn't|must|may|might"
    r"|is|are|am|was|were|isn't|aren't|not|never|just|really|always|(?:have|has|had|need|needs|want|wants|going|supposed) to)"
)
_THEY = r"(?:he|she|they|who|nobody|somebody|someone|everybody|everyone|(?<!you )people)"
_PEOPLE = (
    r"(?:kids|children|friends|sons|daughters|parents|neighbou?rs|brothers|sisters|relatives|customers|clients|colleagues"
    r"|doctors|banks|(?<!told you )(?<!telling you )(?<!asked you )guys|others)"
)
_SOMEBODY = r"(?:(?:my|his|her|our|their|your|the|a|that|some) (?!i\b|we\b)\w+(?: (?!i\b|we\b)\w+)?)"

#: What somebody else said, or we did.
_TOLD = (
    rf"\b(?:{_THEY}|you|it|{_SOMEBODY})(?:'s|'d|'ve| has| have| had| just| always| already| also| then| clearly)*"
    r" (?:said|says|say|(?:was|were|is) like|yelled|shouted|replied|told (?:me|us|him|her|them)|tells (?:me|us)|asked (?:me|us)|wrote"
    r"|texted(?: me)?)"
    r"(?: (?:that|please|to me|to us|just))*"
    r"|\b(?:he|she|they) (?:go|goes|went)|\bi(?:'ve| have| had)?(?: just| already)? (?:told|texted) (?:him|her|them)"
)
#: "I don't want to", "I never asked you to".
_NEGATED = (
    r"\b(?:don't|do not|didn't(?! (?:i|we)\b)|did not|never|not|no need)(?: \w+)?"
    r" (?:want|wanted|wish|need|ask|asked|like|tell|told|mean|meant|say|said)"
    r"(?: you)?(?: to)?"
)
_NOT = r"\b(?:don't|do not|didn't|did not|won't|can't|never|not)(?: (?:ever|please|just))?"
#: "tell her to", "my neighbour needs to", "they should", "make him".
_ANOTHERS = (
    r"\b(?:tell|tells|telling|told|ask|asks|asking|asked|want|wants|wanted|get|got|like|need|wish|expect|beg|begged|for)"
    rf" (?:him|her|them|it|me|us|{_THEY}|(?:my|his|her|our|their|the|that) \w+(?: \w+)?) to(?: please)?"
    r"|\b(?:needs|has|wants|agreed|promised|refused|refuses|used|how|when|where) to"
    rf"|\b(?:{_THEY}|we|i)(?:'d|'ll)?(?: {_HELPER})*|{_SOMEBODY}(?: {_HELPER})+|\b{_PEOPLE}"
    r"|\b(?:make|makes|made)(?: (?!you)\w+){1,2}"
)
#: Somebody who is thanked, told or hoped of is not who the sentence is about: "no thank you, don't call me again".
_OF_YOU = (
    r"\b(?<!thank )(?<!told )(?<!telling )(?<!warned )(?<!warning )(?<!asked )(?<!asking )(?<!begging )(?<!beg )(?<!hope )(?<!rather )"
    r"(?<!prefer )(?<!prefer that )(?<!fuck )(?<!screw )(?<!hate )you(?:'d|'ll)?(?: (?:guys|people))?"
    rf"(?: {_HELPER})*"
)
_STATED = rf"(?:{_TOLD}|{_ANOTHERS}|{_OF_YOU}|\bwhy(?: not)?|\b(?:won't|not|if|to not))"
_NOT_STOPPED = (
    r"(?<!if you )(?<!if you people )(?<!if you guys )\b(?:doesn't|does not|didn't|did not|don't|do not|won't|will not|can't"
    rf"|cannot|couldn't|wouldn't|never|not)"
    rf"|{_TOLD}|{_ANOTHERS}|{_NEGATED}|\bwhy|\b(?:did|when|after|since|before|unless|do|have) you|\bif you"
)
_NO_REMOVAL = (
    rf"{_TOLD}|{_NEGATED}|{_NOT}|\bwhy|\b(?:did|do|does|have|has) (?:you|they|he|she|i|we)"
    rf"|\b(?:if|when|after|before|once|unless|because|like) (?:you|they|i|we|he|she)|\b{_THEY}(?: {_HELPER})*"
    rf"|\b(?:was|were|been|is|am|are|being)|\b{_PEOPLE}"
)
_OTHERS_WISH = rf"\b(?:{_THEY}|you|{_PEOPLE})(?: (?:really|just|definitely))*|{_TOLD}|\bif (?:i|we)"

_NEVER = r"\b(?:don't|dont|do not|never)(?: you)?(?: dare)?(?: ever)?(?: please)?"
#: Only lists of whom to call, whatever "your" list is called. A waiting list or a guest list is another thing.
_OTHER_LISTS = (
    r"(?:wait|waiting|guest|class|course|team|player|member|membership|patient|volunteer|donor|prayer|price|wish|shopping|standby|stand"
    r"|booking|appointment|reservation|cancellation|priority|delivery|shift|e?mail|newsletter|text|sms|no|not|dnc|today|tomorrow|tonight"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekday|weekend|morning|afternoon|evening|day)\b"
)
_OUR_LIST = (
    r"(?:off|from|out)(?: of)? (?:(?:your|the|this|that|any|all|every)(?: of)?(?: your| the)?"
    rf"(?: (?<=your )(?!{_OTHER_LISTS})\w+(?=(?: \w+)? lists?\b))?"
    r"(?: (?:calling|call|calls|caller|phone|telephone|dialing|dialling|marketing|contact|contacts|sales|telemarketing|telesales|lead|leads"
    r"|company|company's|campaign|spam|automatic|robocall))*"
)
#: Who cannot come is on a list of guests.
_NO_OTHER_LIST = (
    r"\b(?! (?:of|for|at)\b|(?: please)?(?: because| as)? i(?:'m not coming| am not coming| can't (?:come|make)| won't be)\b)"
    rf"{behind.OTHER_NUMBER}"
)
_CALL_LIST = rf"{_OUR_LIST} lists?){_NO_OTHER_LIST}"
_OUR_FILES = rf"{_OUR_LIST} (?:database|system|records|files|lists?)){_NO_OTHER_LIST}"
_REMOVE = r"(?:leave|keep|remove|take|delete|strike|get|scratch|drop|erase)"
#: Nothing else is asked for: "delete my number and use this one" is not the end of it.
_DONE = (
    r"(?=(?: (?:please|now|right now|immediately|thanks|thank you|okay|ok|permanently|completely))*(?:$"
    r"| (?:i'm (?:not|tired|sick|fed|done)|i am not|i (?:don't|do not|never|said|already|told|asked|no longer)"
    r"|you (?:keep|people|guys|call)|don't|do not|never|stop|leave me|and leave me|goodbye|bye|and goodbye|and thank you|this is)\b))"
)
_COURTESY = r"hello|well|um|listen|no|yes|okay|ok|please|now|thanks|thank you|goodbye|bye"
#: No call back is no wish for ever: only where nothing else is said than that.
_NOTHING_ELSE = rf"(?=(?: (?:{_COURTESY.replace('|now', '')}|(?:i'm|we're|i am|we are) not interested))*$)"
#: "if he answers don't call back", "text me, don't call": about this matter. Without marks a clause may end at any word.
_THIS_ONCE = (
    r"\b(?<!know )(?<!care )(?:if|when|once|unless)(?: [\w']+){1,10}"
    r"|\b(?<!don't )(?<!your )(?<!the )(?<!an )(?<!a )(?:text|email|send|leave(?! (?:me|us) alone))(?: [\w']+){0,8}"
)
_WANT = r"(?:want|wish|care)"
_DONT_WANT = rf"(?:don't|do not|no longer|never) (?:ever )?{_WANT}"
_DO_NOT_CALL = r"(?:your|the|a|any)(?: \w+)? (?:do not|don't|no) call\b"

_SAID: tuple[tuple[str, str], ...] = (
    (
        (
            rf"{_NEVER} {_CALL}(?: back)?(?: {WHOM})*(?: back)?(?: (?:on|at) this (?:phone )?number)?"
            rf"(?:{behind.ABOUT_A_MATTER})? {NO_MORE}\b{behind.LIMITED}{behind.LIMITED_TO_NOW}"
        ),
        _STATED,
    ),
    (rf"{_NEVER} {_CALL}(?: {WHOM})+{behind.COMPLETE}", _STATED),
    (rf"{_NEVER} {_CALL}(?: {WHOM})* back{_NOTHING_ELSE}", rf"{_STATED}|{_THIS_ONCE}"),
    (
        rf"{_NEVER} (?:call|phone|contact)(?=$| (?:{_COURTESY})\b)(?! (?:please|now) \w){behind.LIMITED_TO_NOW}",
        rf"{_STATED}|{_THIS_ONCE}|\b(?:tick|check|choose|select|press|pick)",
    ),
    (
        (
            rf"\b(?:make sure|see to it)(?: that)? (?:you (?:don't|do not|never)(?: ever)?|nobody|no one)(?: ever)? {_CALL}s?(?: {WHOM})*"
            rf" {NO_MORE}\b{behind.LIMITED}"
        ),
        "",
    ),
    (
        (
            r"\b(?:appreciate(?: it)?|prefer(?: it)?|rather|wish|happy|happier|great|nice|grateful)(?: very much| a lot)?(?: if| that)? you"
            rf" (?:(?:would |could |'d )?(?:stop|stopped|quit) {_CALLING}(?: {WHOM})*"
            rf"|(?:didn't|did not|wouldn't|would not|don't|do not) {_CALL}(?: {WHOM})+)(?: {NO_MORE})?{behind.COMPLETE}"
        ),
        rf"{_NEGATED}|{_THEY}(?:'d| would)?",
    ),
    (
        (
            r"\b(?:stop|quit|cease|no more|refrain from|mind not)"
            rf" {_CALLING}(?: {WHOM}| people)*(?:{behind.OFFERED})?{behind.STOPPED}"
        ),
        _NOT_STOPPED,
    ),
    (
        (
            r"\b(?:stop|quit|cease|no more|refrain from|mind not) (?:calling|phoning|ringing|telephoning|contacting|harassing)"
            rf"(?: {WHOM})+{behind.STOP_ABOUT}{behind.STOPPED}"
        ),
        _NOT_STOPPED,
    ),
    (
        (
            r"\b(?:stop|cease) (?:with )?(?:these|the|your|all|all these|all the|all your)"
            r"(?: (?:phone|sales|marketing|nuisance|spam))* calls\b"
        ),
        rf"{_TOLD}|{_NEGATED}|{_NOT}|\b(?:{_THEY})(?: {_HELPER})*",
    ),
    (
        r"\bno more (?:phone |sales )?calls(?=$| (?:please|thanks|thank you|from you|to (?:me|this number)|ok|okay)\b)",
        r"\b(?:was|were|got|had|received|been|get|getting)",
    ),
    (
        rf"\b{_REMOVE} (?:me|us|{_MY_NUMBER}|my name(?: and (?:my )?(?:phone )?number)?|this (?:phone )?number) {_OUR_FILES}",
        _NO_REMOVAL,
    ),
    (rf"\b{_REMOVE} my (?:details|data|contact(?: details| information)?|information) {_CALL_LIST}", _NO_REMOVAL),
    (
        rf"\b(?:be|get|me|us|number|name) (?:removed|taken|deleted|struck|dropped|erased) {_OUR_FILES}",
        rf"{_NEGATED}|{_NOT}|{_TOLD}|\b{_THEY} (?:want|wants) to",
    ),
    (rf"\b(?:want|like|need|have) {_MY_NUMBER} (?:removed|deleted|erased){_DONE}", rf"{_NEGATED}|\byou(?: {_HELPER})*"),
    (
        rf"\b(?:(?:remove|delete|erase) (?:{_MY_NUMBER}|this (?:phone )?number)|remove me|(?:lose|forget) {_MY_NUMBER}){_DONE}",
        rf"{_NO_REMOVAL}|\byou'll|\b(?:should|shall|must) i|\bhow (?:do|can|could|would|should) (?:i|we|you)|\bhow to",
    ),
    (
        rf"\b(?:put|add|place|get|got)(?: (?:me|us|{_MY_NUMBER}|this number))?(?: back)?(?: put| added)? (?:on|to|in|onto) {_DO_NOT_CALL}",
        rf"{_TOLD}|{_NEGATED}|{_NOT}|\b(?:did|have|has) (?:you|they|he|she|somebody)",
    ),
    (
        rf"\b(?:be|get|me|us|number) (?:put|added|placed|listed)(?: back)? (?:on|to|in|onto) {_DO_NOT_CALL}",
        rf"{_NEGATED}|{_NOT}",
    ),
    (
        (
            rf"\b(?:i'm|i am|my number is|this number is) (?:already )?(?:on|in) {_DO_NOT_CALL}"
            r"(?=$| (?:list|registry|register)\b)(?! \w+ (?:but|does|can|could|is (?:it|that) (?:a|okay|ok|fine))\b)"
        ),
        r"\b(?:not|if|whether|that|although|though)",
    ),
    (
        (
            r"\b(?:want|like|wish|need|going|let me|please|can i|may i|could i|how (?:do|can) i)(?: to)? (?:opt|be opted) out"
            rf"(?=$| (?:{_COURTESY}|of (?:these|your|the|this|all|getting)(?: \w+)? (?:calls?|calling|list|lists))\b)"
        ),
        rf"{_NEGATED}|{_NOT}|\b(?:you|{_THEY})",
    ),
    (rf"^(?:(?:{_COURTESY}|i) )*opt (?:me )?out(?=$| (?:{_COURTESY})\b)", ""),
    (
        (
            rf"\b(?:opt me out|unsubscribe me)(?=$| (?:{_COURTESY}|of (?:these|your|the|this|all)(?: \w+)? (?:calls?|calling|list|lists)"
            r"|from (?:these|your|the|this|all)(?: \w+)? (?:calls?|calling|list|lists))\b)"
        ),
        _NO_REMOVAL,
    ),
    (
        (
            rf"\b{_DONT_WANT} (?:you |you guys |you people |anyone |anybody )?to"
            rf" (?:{_CALL}(?: {WHOM})+|be {_CALLED}){behind.FOR_EVER}"
        ),
        _OTHERS_WISH,
    ),
    (
        rf"\b{_DONT_WANT} (?:you|you guys|you people|anyone|anybody) {_CALLING}(?: {WHOM})+{behind.FOR_EVER}",
        _OTHERS_WISH,
    ),
    (rf"\b{_DONT_WANT} to hear from (?:you|you people|you guys|your \w+) {NO_MORE}\b{behind.LIMITED}", _OTHERS_WISH),
    (
        (
            rf"\bif (?:you|you people|you guys)(?: ever)? {_CALL}(?: {WHOM})* (?:again|one more time|once more)"
            r" (?:i'll|i'm|i will|i am|we'll|we will)(?: going to)?"
            r" (?:sue|suing|report|reporting|block|blocking|file|filing|complain"
            r"|call(?:ing)? (?:the|a|my) (?:police|cops|lawyer|attorney))\b"
        ),
        "",
    ),
    (
        (
            r"\b(?:told|asked|telling|asking|want|need|like|warned|(?:didn't (?:i|we)|have to) (?:tell|ask))"
            r" (?:you|you guys|you people|your \w+)(?: yesterday| before| already| twice| last \w+| \w+ times)* (?:not|never) to(?: ever)?"
            rf" {_CALL}(?: {WHOM})+{behind.FOR_EVER}"
        ),
        rf"{_NOT}|\b{_THEY}",
    ),
    (
        rf"\b(?:want|wish|like|prefer|rather|ask|asked|asking|request|requested)(?: to)? not (?:to )?be {_CALLED}{behind.FOR_EVER}",
        _OTHERS_WISH,
    ),
    (
        (
            rf"\b{_DONT_WANT} (?:to (?:get|receive) |(?:to (?:get|receive) )?(?:any |any more |more |your |these |further )+)"
            r"(?:phone |sales |marketing )*calls?(?=$| (?:from (?:you|your|this)|please|any|anymore|ever|again|at all|to)\b)"
            rf"{behind.LIMITED}"
        ),
        _OTHERS_WISH,
    ),
    (
        r"\b(?:withdraw|revoke|withdrawing|revoking) my (?:consent|permission) (?:to|for)(?: \w+){0,3} (?:call|calls|called|contacted)\b",
        _NEGATED,
    ),
)

RULES: tuple[Rule, ...] = tuple(
    (re.compile(said), re.compile(rf"(?:{unless})$") if unless else None) for said, unless in _SAID
)
