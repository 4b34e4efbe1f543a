"""The chat front: people, messages and clicks. Knows no SQL and holds no rules.

cards.py        the platform-neutral message and modal
plain.py        a card as plain text; times.py: times and counts in words
actions.py      what a click says; commands.py: what a typed line says
views/          a domain object -> Card; pure; the wording lives there
platform.py     a chat platform, as far as it is the same on all of them
conversation/   a line, a click, a form -> one use case -> what the asker is shown
living.py       keeps one living message per subject and place; absences.py: tells of delegations
wording.py      what every platform does alike to words
accounts.py     tells people whose chat account became, or ceased to be, theirs
slack/          Slack: renderer, workspace, and how its acts reach the conversation
teams/          Teams: renderer, and what comes back from its cards
"""
