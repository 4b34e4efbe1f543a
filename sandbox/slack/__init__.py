"""A simulated Slack workspace, built to the vendor's documents and checked with the official clients.

world.py, settings.py               people, channels, messages, views; how it starts (sandbox/changes.py: what changed)
hub.py, capabilities.py, limits.py, scopes.py   what every door shares: trigger ids, response addresses, rights
api.py, methods_*.py, blockkit.py, oauth.py   the Web API, Block Kit's checks, installation
delivery.py, sockets.py, payloads.py, responses.py   how the product is called (signed HTTP, Socket Mode) and answers
acts.py, targets.py, modals.py, inputs.py, directory.py   what people do
reaction.py, control.py             what they see, as the control surface reports it
system.py, options.py               all of it together, and what may be changed while it runs
"""
