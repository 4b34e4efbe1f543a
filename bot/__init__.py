"""The chat front: people, messages and clicks. Knows no SQL and holds no rules.

cards.py      the platform-neutral message and modal
plain.py      a card as plain text; times.py: times and counts in words
actions.py    what a click says; commands.py: what a typed line says
views/        a domain object -> Card; pure; the wording lives there
slack/        renderer, handlers, and the reconciler that keeps one living message per subject and place
"""
