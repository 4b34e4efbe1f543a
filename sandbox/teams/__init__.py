"""A simulated Microsoft Teams: a tenant with its directory, the connector service and the token service.

How the product connects. `GET /control/systems` lists all of it under `teams`; BASE is the sandbox's address:

setting               value
app id                `app_id` (the bot is `28:<app id>`), client secret `client_secret`, tenant `tenant_id`
OpenID metadata       BASE/teams/login/v1/.well-known/openidconfiguration (keys: …/keys)
token issuer          https://api.botframework.com, the vendor's own: only the address of the metadata differs
login endpoint        BASE/teams/login; token: POST BASE/teams/login/{tenant}/oauth2/v2.0/token (client credentials,
                      scope https://api.botframework.com/.default). MSAL insists on https and on Microsoft's instance
                      discovery, so the SDK needs a `token=` provider that posts there itself.
service URL           BASE/teams/ as each activity says it; the connector's calls are BASE/teams/v3/conversations…
messaging endpoint    the product's /api/messages (`configure {endpoint}` names another)

Teams sends `trigger: automatic` when it refreshes a card by itself; microsoft-teams-apps 2.1.1 accepts `manual` alone
and answers 500, so a product on it takes the trigger out of `value` before the SDK sees the activity.

The bot hears of people and chats by `installationUpdate` when `POST /control/teams/install` adds it: `{"user": "*"}`
for everybody. A person of the people file has the app unless `installed` says otherwise, so a bot may also open chats.

world.py, settings.py, hub.py       people, conversations, messages, dialogs; how it starts; what every door shares
jwt.py, tokens.py                   keys and tokens, in both directions
connector.py, sending.py, directory.py, limits.py, errors.py   what the bot may do, and what it is refused
schema.py, cards.py, walk.py, inputs.py   Adaptive Cards: as data, as checked, as read, as filled in
activities.py, delivery.py, forge.py      what the bot is sent, rightly and wrongly
acts.py, clicks.py, dialogs.py      what people do
reaction.py, control.py             what they see, as the control surface reports it
images.py                           pictures of cards, which the service fetches
system.py, options.py, page.py      all of it together, what may be changed while it runs, and the page at BASE/teams/
"""
