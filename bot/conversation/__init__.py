"""What people say to the bot: a typed line, a click or a form -> one use case -> what they are shown. On any platform.

chat.py         what every handler has at hand, and what it answers with
answering.py    telling the asker, within bounds; what went wrong, in words
commands.py     /approve and /bypass as typed
clicks.py       buttons and lines of menus
submissions.py  submitted forms; shape.py: at which input an error stands
emergencies.py the forms of a bypass
drafts.py, many.py, asking.py   forms with more to them; preferences.py: what people choose for themselves
again.py        a form made anew from what came back of it
shown.py        a message as somebody who looks at it may see it
home.py         the page that a person has of their own
refusals.py     refused votes, told about the request as it stands
"""
