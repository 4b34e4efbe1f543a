"""One module per subject: a domain object -> Card. Pure functions; wording lives only here."""
