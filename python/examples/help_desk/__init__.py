"""A help desk's web page: who calls, whose disk is it, may they have the key, and who says so?

    python -m help_desk --demo
    python -m help_desk sqlite:keys.db --organization example.com --policy policy.toml \\
        --private-key escrow.key --certificate escrow.pem

A person finds a device by what the caller reads from the screen, asks for its key with a reason, ANOTHER person
approves, and the key is shown once, for two minutes. Who asked, who agreed and who was shown it is in the audit before
the page is sent.

What is yours in it: who somebody is (`sign_in.py` is a stand-in that lets anybody be anybody), TLS in front of it, and
where the private key lies.
"""
