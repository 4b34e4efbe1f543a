"""The console: pages for people, rendered here, that work without a script.

session.py   who looks at a page
front.py     from a request to a page: visitor, security headers, errors as pages
forms.py     what a form sends, and whether we sent the form
signin.py security.py stepup.py   who somebody is: proven, kept, asked again
rendering.py templates, and the words and times in them
graph.py     pure: a policy's stages as a drawing; bars.py: figures as bars
inbox.py requests.py registry.py trail.py people.py figures.py policies.py   the pages
live.py      what changed, as server-sent events
assets.py    style and script
routes.py    where everything is
"""
