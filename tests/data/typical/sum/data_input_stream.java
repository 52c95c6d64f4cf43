import java.io.DataInputStream;
import java.io.IOException;

class Main {
    static final class Reader {
        private final DataInputStream in = new DataInputStream(System.in);
        private final byte[] buffer = new byte[1 << 16];
        private int at = 0, end = 0;

        private byte read() throws IOException {
            if (at == end) { end = in.read(buffer, at = 0, buffer.length); if (end <= 0) return -1; }
            return buffer[at++];
        }

        long nextLong() throws IOException {
            long found = 0;
            byte b = read();
            while (b <= ' ') b = read();
            boolean negative = b == '-';
            if (negative) b = read();
            do found = found * 10 + b - '0'; while ((b = read()) >= '0' && b <= '9');
            return negative ? -found : found;
        }
    }

    public static void main(String[] args) throws IOException {
        Reader in = new Reader();
        long n = in.nextLong(), sum = 0;
        for (int i = 0; i < n; i++) sum += in.nextLong();
        System.out.println(sum);
    }
}
