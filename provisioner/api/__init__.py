"""Plan, apply and tear down a stack: the engine put together, a module for each sort of command.

    session = boto3.Session()
    report = provisioner.apply(session, stack)
    print(report.outputs)

Every function takes the caller's boto3 session and nothing else of the surroundings. Nothing is
gathered here: a command loads the module that it is about, and no other.
"""
