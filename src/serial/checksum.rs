//! The checksum of a line.

use crc::{CRC_16_IBM_3740, Crc};

/// Width 16, polynomial 0x1021, start 0xFFFF, nothing reflected, nothing inverted.
///
/// It finds every error of up to 16 neighbouring bits and every three wrong bits in lines this short.
const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);

/// CRC-16/IBM-3740 of `bytes`, once known as CCITT-FALSE.
///
/// Source: catalogue of parametrised CRC algorithms, CRC-16/IBM-3740; of `123456789` it is 0x29B1.
pub fn checksum(bytes: &[u8]) -> u16 {
    CRC.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_catalogue_s() {
        assert_eq!(checksum(b"123456789"), 0x29B1);
        assert_eq!(checksum(b""), 0xFFFF);
    }
}
