"""Opens the console of a service that is starting: `python -m smart_app.console [PORT]`."""

import os
import sys
import time
import urllib.request
import webbrowser

PATIENCE = 60.0  # seconds until the service must be ready


def wait_until_ready(port: int) -> bool:
    """Whether the service on `port` answered `/ready` in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def has_screen() -> bool:
    """Whether a browser can show a window; without one a text browser would take over the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    address = f"http://127.0.0.1:{port}/console/"
    if not wait_until_ready(port):
        sys.exit(f"no service became ready on port {port}")
    print(f"\n  Console: {address}    (Ctrl-C stops it)\n", flush=True)
    if has_screen():
        webbrowser.open(address)


if __name__ == "__main__":
    main()
