"""What stands behind a request in English not to be called: nothing, words that explain or strengthen it, or words that limit it.

"Stop calling me, I'm not interested" is the same request as "stop calling me"; "stop calling so I can think", "don't bother me with the
details" and "don't call me, text me when you're outside" are others. Recognisers may write no marks, so every word that may begin a
clause of its own says how that clause must go on. Pieces of regular expressions, over texts as ``stops.normalised`` spells them.
"""

from __future__ import annotations

WHOM = (
    r"(?:me|us|here|this (?:phone |telephone )?number|my (?:phone |mobile |cell |telephone )?number"
    r"|(?:my|this|our) (?:(?:cell|mobile|home) phone|phone|line|house|home|mobile|cell))"
)
NO_MORE = r"(?:again|any ?more|ever again|ever(?! again)|any longer|at all|in (?:the )?future|no more)"
_POLITELY = r"(?: (?:please|thanks|thank you|okay|ok|anymore))*"

_END = r"$| (?:please|already|many|okay|ok|thanks|thank you|goodbye|bye|and)\b"
_REMOVE_ME = r"(?:remove|take|delete|drop|strike|erase) (?:me|us|my|our|this)|leave (?:me|us|my|our|this)"

#: Another number is to be taken instead.
OTHER_NUMBER = (
    r"(?!(?: [\w']+){0,8} (?:(?:my|our|the|call|use) (?:new|other|right|correct)|(?:got|have|is) a new) (?:one|number|phone|cell|mobile)\b"
    r"|(?: please)? and (?:put|add|use|keep(?! (?:it|me|my number) (?:off|out))|save|enter|write|replace)\b)"
)

# What the calls are about: what an agent offers, or what the caller has to do with it already.

_BUSINESS = (
    r"(?:details?|(?:small |fine )?print|questions?|invoices?|bills?|receipts?|payments?|refunds?|orders?|deliver(?:y|ies)|parcels?"
    r"|shipments?|appointments?|bookings?|reservations?|results?|repairs?|complaints?|tickets?|claims?|terms|paperwork|forms?"
    r"|documents?|papers?|meetings?|schedule|account|contract)"
)
_ADVERTISED = (
    r"(?:offers?|offerings?|calls|products?|services|promotions?|sales|advertising|adverts?|ads|advertisements?|deals?|discounts?"
    r"|surveys?|polls?|marketing|telemarketing|campaigns?|pitch(?:es)?|spam|junk|scams?|rubbish|nonsense|crap|bullshit|garbage"
    r"|upgrades?|subscriptions?|donations?|fundraising|elections?|timeshares?|anything(?: else)?)"
)
_OF = r" (?:about|regarding|concerning)"
_ABOUT = r" (?:about|with|regarding|concerning)"
_NO_MATTER = rf"(?!(?:{_BUSINESS}|i|we|you|that|it|every|little|small)\b)"
_ANY_MATTER = rf"(?: {_NO_MATTER}[\w']+){{1,5}}?"

#: "with these calls", "about your products", "about my car's extended warranty": what is advertised, whoever's words.
OFFERED = (
    rf"{_ABOUT}(?:(?: {_NO_MATTER}(?!(?:my|our|of|for|from|to|and|or|but)\b)[\w']+){{0,4}}? {_ADVERTISED}\b"
    rf"|(?: (?:all|any|any more|more)(?: of)?)? (?:your|these|those|this|such)(?: {_NO_MATTER}[\w']+){{1,3}}?"
    r"| my (?:car|vehicle|auto)(?:'s)?(?: extended)? (?:warranty|insurance))"
)
_MATTER = rf"(?: (?:any of )?(?:this|that|it)(?: (?:stuff|thing|matter|nonsense|crap))?\b|(?: that)?{_ANY_MATTER}(?: like that)?)"
#: Whoever says "stop calling", or "any more", names any matter of the agent's. Not one's own.
STOP_ABOUT = rf"{_OF}{_MATTER}"
ABOUT_A_MATTER = rf"{_ABOUT}{_MATTER}"

_ABOUT_BUSINESS = rf"{_POLITELY}(?: (?:all the time|every day))?{_ABOUT}(?: [\w']+){{0,3}}? {_BUSINESS}\b"
_ONLY = (
    r"(?<!is )(?<!'s )\bonly (?:about|if|when|after|call|contact|phone|text|e ?mail|by (?:text|e ?mail|letter|post)"
    r"|(?:for|in) (?:an? )?(?:emergenc|urgent))"
)
#: Not these calls, but those about something else.
NOT_ALL = rf"(?!{_ABOUT_BUSINESS}|.{{0,200}}?{_ONLY})"

# Clauses of their own that go on from a complete request and do not make it another one.

_THREAT = (
    r"(?:(?:have to |be |going to )*(?:sue|suing|report|reporting|block|blocking|complain|complaining|file|filing|press|take|have you"
    r"|go to (?:court|the|a|my)|see you in court|make sure|get (?:really |very )?(?:angry|mad|upset)|lose my)"
    r"|call(?:ing)? (?:the (?:police|cops)|(?:a|my) (?:lawyer|attorney|solicitor))|get (?:a|my) (?:lawyer|attorney|solicitor))"
)
_WE = (
    r"(?:i(?:'m|'ve|'d)?|we(?:'re|'ve|'d)?)(?!'ll| will| can )"
    rf"|(?:i|we)(?: won't|(?:'ll| will) (?:never|not|{_THREAT}))"
)
_YOU = (
    r"you(?!'ll| will| (?:a|an|can|could|may|might|should)\b)"
    r"|you (?:can|should) (?:stop|forget|take|remove|delete|go|keep|be ashamed)"
)
_THAT = r"that(?:'s| is) (?:enough|it|all|final|harassment|annoying|illegal)"
_THIS = r"this (?:is|isn't|was|has|gets|makes|must|needs|really|just|number (?:is|isn't|belongs)|(?:phone|line|house) (?:is|isn't|belongs))"
_IT = (
    r"it(?:'s| is| was| isn't| has| gets| makes| drives| needs| must| won't| never| really| belongs| just(?= \w+s\b)"
    r"| \w+s (?:me|us|everyone|everybody)| (?:annoys|bothers|disturbs|scares|upsets) (?:my|our))"
)
_SO = (
    r"so (?:please )?(?:stop|don't|do not|never|thanks|thank you|goodbye|bye|no|go away|i (?:don't|never|won't|no longer|get no|have no)"
    rf"|{_REMOVE_ME})"
)
_OR = (
    rf"or (?:else|(?:i|we)(?:'ll| will|'m|'re| am| are)(?: going to)? {_THREAT}"
    r"|(?:anyone|anybody)(?: else)?(?: (?:here|in|at|of)\b|$)|(?:text|message|e ?mail|write to|contact|phone|ring|bother|visit) (?:me|us)"
    r"|(?:my|our) (?:husband|wife|family|mother|father|parents|kids|children|partner|house|home|office|work)"
    rf"(?=$| (?:please|thanks|thank you|okay|ok|{NO_MORE})\b))"
)
_AND = (
    r"and(?=$)|and (?:please )?"
    r"(?:again|thanks|thank you|goodbye|bye|have a|that's|stop|don't|do not|never|texting|messaging|put|add|forget|lose"
    r"|for (?:god|heaven|christ)'s sake|(?:delete|erase|remove) (?:everything|all)|find (?:someone|somebody|something|another|yourself)"
    r"|get (?:lost|off|out|me|my|a life|a (?:real |proper )?job)|go away|hang up"
    r"|tell (?:your|the others|everyone|everybody)|no|(?:i|we) (?!(?:will|can)\b)|i'm|i've"
    rf"|this (?:is|has)|it's|you (?!(?:can|may|could)\b)|{_REMOVE_ME})"
)
#: A list of numbers stops no e-mail. What is to be sent belongs to some business.
_E_MAIL = (
    r"(?:please )?(?:send|write|e ?mail)(?: (?:me|us|to me|to us))?(?: an? (?:e ?mail|letter))?(?: instead)?"
    r"(?=$| (?:please|thanks|thank you|okay|ok|goodbye|bye|if you (?:must|have to|want|like))\b)"
)
_JUST = (
    rf"just (?:stop|don't|do not|never|no|go|get (?:lost|off|out)|forget|lose|put (?:me|us|my)|add (?:me|us|my)"
    rf"|{_REMOVE_ME}|{_E_MAIL})"
)
_OTHERS = r"(?:nobody|no one) (?:here|wants|is|by|lives|has|at|in|named|called)|there(?:'s| is| are| isn't| aren't)"
_ASKED_BACK = (
    r"do you (?:hear|understand|get|have no|not|people)|is (?:that|this) (?:clear|understood|so|too|okay|ok|all|a joke|legal)"
    r"|right(?=$| (?:now|away|this)\b)|what(?! (?:you|i|he|she|they|we|my|your)\b)|who(?:'s| is| are| gave| told| do)"
    r"|how (?:many|often|much|dare|can|could|did|do)"
)
_LEAVE = (
    rf"{_REMOVE_ME}|go (?:away|bother|find|to hell)|find (?:someone|somebody|another|other|yourself)|stop|don't|do not|never|no means"
    r"|(?:talk|speak) to my (?:lawyer|attorney|solicitor)"
)
_CLAUSE = rf"(?:because )?(?:{_WE}|{_YOU}|{_THAT}|{_THIS}|{_IT}|{_OTHERS})|{_SO}|{_OR}|{_AND}|{_JUST}|{_E_MAIL}|{_ASKED_BACK}|{_LEAVE}"
_COURTESY = (
    r"(?:no thanks|no thank you|period|full stop|seriously)(?=$)|enough is enough|for (?:god|heaven|christ)'s sake|(?:as|since) i'm not"
    rf"|thanks|thank you|okay|ok|bye|goodbye|got it|understood|yesterday|last (?:week|time|month)|already(?={_END})|before(?={_END})"
)
_OPEN = rf"(?:{_ABOUT[1:]}|so|or|and|just|because|it|this|that|there|what|who|for|until|as)\b"
GOES_ON = rf"(?=(?: (?:please|now|already))*(?:$| (?:{_CLAUSE}|{_COURTESY})\b)| (?:please|now) (?!{_OPEN}))"
#: How often. "Don't call me every day" would be content with once a week.
_OFTEN = (
    r" (?:all the time|all day(?: long)?|day and night|at all hours|constantly|everyday|every (?:single )?(?:day|hour|week|month)"
    r"|(?:(?:many|several|three|\d+) times|twice)(?: (?:a|every|per) (?:day|week|month|hour))?)"
    r"(?=$| (?!(?:until|till|about|with|so|or|for|once|only)\b))"
)

# What limits a request, wherever it stands behind.

_NOT_SAID = (
    r"(?<!stop )(?<!don't )(?<!not )(?<!never )(?<!to )(?<!'ll )(?<!will )(?<!you )(?<!people )(?<!i )(?<!we )(?<!they )(?<!who )"
    r"(?<!or )(?<!and )\b"
)
_LAWYER = r"(?:lawyer|attorney|solicitor)\b"
_READY = r"(?:it's|it is|that's|everything is|everything's) (?:ready|done|there|here|over|finished|fixed)"
#: What is to be done instead: another way, another person, another matter, another time.
_INSTEAD = (
    rf"(?:{_NOT_SAID}(?:text|message|sms) (?:me|us|him|her|it|my|instead)\b"
    rf"|{_NOT_SAID}(?:e ?mail|send|write|mail|post)(?: (?:me|us|him|her|to (?:me|us)|an? \w+))* "
    r"(?:the|it|them|those|when|once|as soon|after|before|about|my|to my|a copy)\b"
    rf"|{_NOT_SAID}(?:call|phone|ring|contact|ask|use|try|e ?mail|speak (?:to|with)|talk (?:to|with))"
    rf" (?:(?:my|our)(?! (?:{_LAWYER}|number|house|home|phone))|the(?! (?:police|cops))|him|her|them|his)\b"
    rf"|{_NOT_SAID}(?:try|call|phone|ring)(?: me| us| back| again)* (?:later|tomorrow|another time)\b"
    r"|\bi(?:'m| am) (?:(?:calling|phoning|asking|ringing)(?: you)? (?:about|for|because|to|whether)|interested in|here (?:about|for|to))\b"
    r"|\bjust (?:come|tell (?:me|us)|book|give (?:me|us)|do (?:it|the)|bring|drop|knock|wait|use|let (?:me|us) know|confirm|answer"
    r"|say (?:yes|when|what)|show|leave (?:it|the|a)|ring the|put (?:it|the))\b"
    r"|\b(?:i'll|i will|we'll|we will|let me) (?:(?:call|phone|ring|contact|text|e ?mail) (?:you|back|when|later|again|tomorrow)"
    r"|get back to|get in touch|be there|come)\b"
    rf"|\b(?:when|once|as soon as) (?:you're|you are|you (?:get|arrive|come|reach)|{_READY})\b"
    r"|\b(?:until|till) (?:you|he|she|they|it|it's|the|my|we|noon|then|tomorrow|next|\w+day|\d+)\b"
    r"|\byou can (?:come|text|reach|e ?mail|call|write|contact|ring)\b"
    r"|\bbut (?:you can|you may|you could|please|do|call|text|try|maybe|next|i (?:might|may))\b"
    r"|\bi(?:'d| would)? (?:rather|prefer)(?: have)?(?: (?:a|to|you))? (?:texts?|messages?|come|talk)\b)"
)
NOTHING_INSTEAD = rf"(?!.{{0,200}}?{_INSTEAD})"
#: A time, an occasion, a way: not these calls, but others.
LIMITED = (
    rf"{OTHER_NUMBER}{NOT_ALL}(?!{_POLITELY}"
    r" (?:until|till|after|unless|today|tonight|tomorrow|this (?:week|morning|afternoon|evening|month|late|early|often)"
    r"|next|on|at|in the|during|without|if|when|while|yet|that(?!'s| is)"
    rf"|before(?!{_END})|so (?:early|late|often|much|many|soon|loud)|for (?:a|the|an|some|another)"
    r"|(?:because )?(?:i'll|i will|we'll|we will|let me|i can)"
    r" (?:call(?! (?:the (?:police|cops)|my lawyer))|phone|ring|contact|come|be|drop|stop by|visit|see|email"
    r"|text|write|get|reach|find|try|check)"
    r"|(?:just |and |please )*(?:email|send|text|write|message)(?: \w+)* (?:when|once|as soon as|after|before)\b"
    r"|(?:please )?(?:call|phone|ring) me)\b)"
)
LIMITED_TO_NOW = rf"(?!{_POLITELY} (?:(?:right|just) )?now\b)"
#: They have come, are about to, or are in this call: no call is wanted for that.
_WITH_YOU = (
    r"(?:i'm|i am|we're|we are) (?:(?:right |already |almost |nearly |still )?(?:here|there|outside|downstairs|home|ready)|coming"
    r"|on (?:my|our) way|opening|listening|waiting|trying|thinking)"
    r"|i can't (?:hear|think)|i (?:need|want|have) to think|i need (?:a (?:minute|moment|second)|some (?:time|quiet))|i have an appointment"
)
_NOT_WITH_YOU = rf"(?!{_POLITELY} (?:because )?(?:{_WITH_YOU})\b)"
#: Why not now. Who has said "again", or "stop", says why not at all.
_BUSY = (
    r"(?:i'm|i am|we're|we are) (?:busy|at|in|driving|sleeping|asleep|working|out|eating|having|sitting|with|about to"
    r"|on (?:my|our|another|the (?:other|phone|line|bus|train|road))|not (?:home|here|available))"
    r"|i can't (?:talk|speak|answer|take|pick)"
    r"|i(?:'ve| have)(?: got)? (?:guests|visitors|company|the baby|to (?:work|sleep|go|leave|drive)"
    r"|(?:an?|another) (?:meeting|call|visitor|patient|class|appointment|exam|interview))"
    r"|i (?:need|want) to (?:sleep|work|go|rest)"
    r"|it's (?:too |so |very |really )?(?:loud|noisy|late|early|dark|night|midnight|dinner|lunch|a bad|not a good)"
)
_NOT_BUSY = rf"(?!{_POLITELY} (?:because )?(?:{_BUSY}|{_WITH_YOU})\b)"

#: Behind "don't call me".
COMPLETE = rf"(?:{OFFERED})?{GOES_ON}{LIMITED}{LIMITED_TO_NOW}{_NOT_BUSY}{NOTHING_INSTEAD}"
#: Behind "stop calling", which says of calls that they come again and again.
STOPPED = rf"(?: {NO_MORE})?(?:{_OFTEN}|{GOES_ON}){LIMITED}{_NOT_WITH_YOU}{NOTHING_INSTEAD}"
#: Behind "don't call me" where the word for it has been said: "again", "any more".
FOR_EVER = rf"(?:(?:{ABOUT_A_MATTER})? {NO_MORE}\b{LIMITED}{LIMITED_TO_NOW}|{COMPLETE})"
