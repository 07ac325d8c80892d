"""Recovery keys in the database of a Django project, over Django's own connection.

    INSTALLED_APPS = [..., "django_store"]

    store = fdescrow.Store.custom(DjangoStore())
    escrow = fdescrow.Escrow(store, "example.com", ...)

The tables are ordinary models, made from the schema that the library tells: `manage.py makemigrations django_store`
writes their migration, and the next one when a version of the library has another column. The library's own SQLite,
which needs none of this, is faster; this is for who wants one database, one backup and one set of tools.

The project's database has to be SQLite with

    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",                # who reads in order to write is alone from the start
        "init_command": "PRAGMA journal_mode = WAL;",   # who reads a snapshot stops nobody
        "timeout": 60,
    }

PostgreSQL would need more: columns with the collation "C", an order of the audit that no late commit gets into, rows
locked with SKIP LOCKED. `DjangoStore` refuses it rather than breaking a promise of docs/storage.md.

A thread of your own that used the store closes its connection as any in Django: `django.db.connections.close_all()`.
"""
