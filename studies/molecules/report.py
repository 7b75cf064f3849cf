from studies.harness import Report
def report(results):
    return Report("")
