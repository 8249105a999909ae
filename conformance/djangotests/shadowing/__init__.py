"""Wrap Django's functions so that each call by a test is made to airworthy too, and write down what both say."""


def install():
    """Wrap everything. It has to happen before a test module imports what is wrapped."""
    from . import checks, csrf, headers, hosts, link, sessions, signing

    link.name_tests()
    for module in (checks, csrf, headers, hosts, sessions, signing):
        module.install()
