"""PSNR and SSIM off the metal."""

from __future__ import annotations

import torch

__all__ = ["RANGE", "psnr", "ssim"]

RANGE = 3.0  # of attenuation in units of water's: from air to 2000 HU


def psnr(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Peak signal to noise ratio of each image in dB; target < 0 is where nothing is known. Both (n, 1, size, size)."""
    known = target >= 0
    error = torch.where(known, out.clamp(0, RANGE) - target, 0.0).square()
    return 10 * torch.log10(RANGE**2 * known.sum(dim=(1, 2, 3)) / error.sum(dim=(1, 2, 3)))


def ssim(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Structural similarity of each image, in windows that are Gaussian with deviation 1.5 on 11 x 11 pixels and lie within the image.

    Where nothing is known (target < 0) both are taken to be alike. Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image
    Processing 13 (2004), equation 13.
    """
    known = target >= 0
    a, b = torch.where(known, out.clamp(0, RANGE), 0.0), torch.where(known, target, 0.0)
    steps = torch.arange(-5.0, 6.0, device=a.device)
    window = torch.exp(-steps.square() / (2 * 1.5**2))
    size = a.shape[-1]
    band = torch.zeros(size - 10, size, device=a.device)
    for k in range(size - 10):
        band[k, k : k + 11] = window / window.sum()

    def mean(x: torch.Tensor) -> torch.Tensor:
        return band @ x @ band.T

    ma, mb = mean(a), mean(b)
    va, vb, vab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    values = (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return values.mean(dim=(1, 2, 3))
