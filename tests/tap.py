"""unittest with its results in TAP on standard output: one line a test, reasons behind "#"."""
import sys
import unittest


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def line(self, word, test, note=""):
        self.number += 1
        print(f"{word} {self.number} - {test.id().split('.', 1)[1]}{note}", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        bad = [(t, why) for t, why in self.errors + self.failures if t is test or getattr(t, "test_case", None) is test]
        skipped = [why for t, why in self.skipped if t is test]
        self.line("not ok" if bad else "ok", test, f" # SKIP {skipped[0]}" if skipped else "")
        for t, why in bad:
            print("\n".join("# " + line for line in [str(t), *why.splitlines()]), flush=True)


def main():
    """Run every test of the calling script; its arguments are its own."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}")
    result = Result()
    suite.run(result)
    # What failed outside of any test: a module or class that could not be set up.
    for test, why in result.errors:
        if "setUp" in str(test) or "tearDown" in str(test):
            print(f"not ok {result.number + 1} - {test}\n# " + why.replace("\n", "\n# "))
            result.number += 1
    sys.exit(0 if result.wasSuccessful() else 1)
