"""Letters in English."""

TEXTS = {
    "hello": "Hello,",
    "dpo": "Data protection: {dpo}",
    "access": "to see the data we hold about you",
    "rectification": "to have your data corrected",
    "erasure": "to have your data erased",
    "restriction": "to restrict the use of your data",
    "portability": "to receive your data to take elsewhere",
    "objection": "to stop a use of your data",
    "automated_decision": "to have an automated decision reviewed by a person",
    "code.subject": "Your code for {name}",
    "code.what": "somebody, we hope you, asked us {what}. To show that it is you, give this code:",
    "code.until": "It is valid for {minutes} minutes. If it was not you, do nothing: without the code nothing happens.",
    "done.subject": "Your request is done",
    "asked": "you asked us {what}.",
    "done.access": "Your data are ready. You fetch them by this link, which is for you alone:\n\n    {where}",
    "done.portability": "Your data are ready. You fetch them by this link, which is for you alone:\n\n    {where}",
    "link.until": "The link works until {day}, at most {most} times. Do not pass it on: it needs no password.",
    "done.rectification": "Your data are corrected. We tell everybody who received them.",
    "done.erasure": "Your data are erased. This is the last message we send you about it.",
    "done.erasure.partly": "Your data are erased, except for what stands here. This is the last message we send you about it.",
    "certificate.link": (
        "Your certificate of it can be fetched here, and checked without us:\n{where}\n"
        "The link is for you alone. It works as long as we keep what proves the erasure."
    ),
    "moved.subject": "Your e-mail address was changed",
    "moved.what": (
        "you asked us to correct the e-mail address that we have of you. From now on we write to the new one."
    ),
    "moved.if_not": "If you did not ask for this, write to our data protection officer at once.",
    "kept.some": "Some of your data we keep for now:",
    "kept.item": "    {ground} {law}, until {day}.",
    "kept.shared": (
        "Some records belong to other people as well, such as an address that several people use. They stay, without "
        "what names you alone."
    ),
    "kept.redacted": "Some texts stay, without what you are known by.",
    "kept.accepted": (
        "In some places something stays by which you are known too, such as an address that you share with "
        "others. A person has looked at each of them and decided so; ask us why."
    ),
    "moved.shared": (
        "Some records belong to other people as well, such as an address that several people use. We changed nothing "
        "there but what names you alone: tell us where it is wrong for all of them."
    ),
    "kept.evidence": (
        "What proves your consents, this request and our answer stays locked away until {day}, in case of a legal "
        "claim (Art. 17(3)(e) GDPR). Then its key is destroyed; later only while such a claim is open."
    ),
    "done.restriction": "Your data are only stored from now on. We tell you before that ends.",
    "done.objection": "We no longer use your data for this.",
    "done.automated_decision": "A person has looked at the decision again.",
    "review.subject": "A person has looked at the decision",
    "review.upheld": "A person has looked at the decision again (Art. 22(3) GDPR). It stands.",
    "review.changed": "A person has looked at the decision again (Art. 22(3) GDPR). It was changed.",
    "review.why": "Why:\n{explanation}",
    "ends.subject": "The restriction of your data ends",
    "ends.what": (
        "the use of your data is restricted (Art. 18 GDPR). This ends on {day}; we tell you before (Art. 18(3) GDPR)."
    ),
    "ends.why": "The reason:\n{reason}",
    "ends.answer": "If you do not agree, write to us before that day.",
    "override.subject": "About your objection",
    "override.what": (
        "you objected to a use of your data: {purpose}. We have compelling legitimate grounds for it, which override "
        "your interests (Art. 21(1) GDPR), and go on with it."
    ),
    "override.grounds": "The grounds:\n{grounds}",
    "refused.subject": "About your request",
    "refused.what": "you asked us {what}. We cannot do this.",
    "refused.ground": "The ground: {ground}\n{explanation}",
    "refused.authority": "You can complain to the supervisory authority (Art. 77 GDPR): {authority}.",
    "refused.court": "You can also go to court (Art. 79 GDPR).",
    "extended.subject": "Your request takes longer",
    "extended.what": "you asked us {what}. We need more time, because of {reason} (Art. 12(3) GDPR).",
    "extended.until": "You hear from us by {day} at the latest.",
    "told.subject": "Who was told of your request",
    "told.what": "you asked us {what}, and now whom we told of it (Art. 19 GDPR):",
    "told.on": "- {name}: told on {day}",
    "told.exempt": "- {name}: could not be told",
    "told.yet": "- {name}: not told yet",
    "told.nobody": "Nobody: your data were given to no one.",
    "notice.subject": "Notice under {article}, Art. 19: {reference}",
    "notice.rectification": "Please correct them too, or ask us for what is right.",
    "notice.erasure": "Please erase them too, and every link to them, copy and replication of them.",
    "notice.restriction": "Please only store them until we write again.",
    "notice.lifted": "The restriction of which we wrote is over: you may use them again.",
    "notice.what": (
        "{recipient} received data of a person from us. A change of them was asked for and made ({article}). {please}"
    ),
    "notice.known": "Reference: {reference}\nYour own identifier of the person: {identifier}",
    "notice.unknown": (
        "Reference: {reference}\nWhich person it is we tell you under this reference on a safe way: please write to "
        "our data protection officer."
    ),
    "notice.answer": "Please confirm with the reference alone, and name nobody in your answer.",
    "complexity": "its complexity",
    "number": "the number of requests",
    "question.subject": "A question about your request",
    "reminder.subject": "We still need your answer",
    "question.identity": "you asked us {what}. We are not sure yet that the request comes from you (Art. 12(6) GDPR).",
    "question.clarification": "you asked us {what}. To do that well we need to know more from you.",
    "question.text": "Our question:\n{question}",
    "question.answer": "Please answer by {day}. Do not send a copy of an identity card.",
    "question.stops": "Until we have your answer, the time for ours does not run.",
    "A12IdentityFailure": "We could not establish that the request comes from you (Art. 12(2) and (6) GDPR).",
    "A12ManifestlyUnfounded": "The request is manifestly unfounded (Art. 12(5) GDPR).",
    "A12ManifestlyExcessive": "The request is manifestly excessive, above all by repetition (Art. 12(5) GDPR).",
    "A12MaliciousIntent": "The request serves another aim than the protection of your data (Art. 12(5) GDPR).",
    "A17FreedomOfExpression": (
        "The data are needed to exercise the right of freedom of expression and information (Art. 17(3)(a) GDPR)."
    ),
    "A17LegallyRequired": "A law obliges us to keep the data (Art. 17(3)(b) GDPR).",
    "A17OfficialAuthority": (
        "The data are needed for a task in the public interest or in the exercise of official authority "
        "(Art. 17(3)(b) GDPR)."
    ),
    "A17PublicHealth": "The data are needed in the public interest of public health (Art. 17(3)(c) GDPR).",
    "A17Archiving": (
        "The data are needed for archiving in the public interest, research or statistics (Art. 17(3)(d) GDPR)."
    ),
    "A17LegalClaims": "The data are needed to establish, exercise or defend legal claims (Art. 17(3)(e) GDPR).",
}
