"""What a measurement was made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Name the processor, its widest instructions for 8 bits, its cores and the system."""
    name, flags = platform.processor() or platform.machine(), ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if "model name" in line)
        flags = next(line.split(":")[1] for line in lines if line.startswith("flags"))
    except (OSError, StopIteration):
        pass
    width = next((w for w in ("avx512_vnni", "avx512f", "avx_vnni", "avx2") if w in flags), "")
    return ", ".join(filter(None, (name, width, f"{os.cpu_count()} cores", platform.system(),
                                   f"Python {platform.python_version()}")))  # fmt: skip
