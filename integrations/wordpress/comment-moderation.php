<?php
/**
 * Plugin Name: Comment moderation
 * Description: The stock Akismet plugin asks your own moderation service, which knows your articles, and hears its moderators' decisions.
 * Version: 1.0
 * Requires at least: 5.6
 * Requires PHP: 7.4
 *
 * A must-use plugin: it works as soon as it lies in wp-content/mu-plugins. Akismet goes on deciding what becomes of a
 * comment; this file only leads its calls elsewhere, and adds what they lack. Until an address is set, nothing changes.
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

/** Where the service is, and the key that it gave. Constants in wp-config.php come before what the settings page says. */
final class Settings {

	const ADDRESS = 'comment_moderation_address';
	/** Akismet's own option, so that there is one key and not two. */
	const KEY = 'wordpress_api_key';

	/** The service's address without a slash at its end, empty where none is set. */
	public static function address(): string {
		$address = self::has_fixed_address() ? constant( 'COMMENT_SERVICE_URL' ) : get_option( self::ADDRESS, '' );
		return untrailingslashit( (string) $address );
	}

	public static function key(): string {
		$key = self::has_fixed_key() ? constant( 'WPCOM_API_KEY' ) : get_option( self::KEY, '' );
		return (string) apply_filters( 'akismet_get_api_key', $key );
	}

	public static function has_fixed_address(): bool {
		return defined( 'COMMENT_SERVICE_URL' );
	}

	public static function has_fixed_key(): bool {
		return defined( 'WPCOM_API_KEY' );
	}

	public static function are_complete(): bool {
		return '' !== self::address() && '' !== self::key();
	}
}

/** Calls to the service. One that gets no answer lets the others of this request fail at once: a reader waits once. */
final class Service {

	const TIMEOUT_S = 5;

	/** @var \WP_Error|null Why the service was not reached. */
	private $away = null;

	/**
	 * Send a request, with the arguments of wp_remote_request().
	 *
	 * @return array|\WP_Error
	 */
	public function send( string $path, array $args ) {
		if ( null !== $this->away ) {
			return $this->away;
		}
		$bounds = array(
			'timeout'            => self::TIMEOUT_S,
			'redirection'        => 0,
			'reject_unsafe_urls' => false,
			'blocking'           => true,
		);
		$answer = wp_remote_request( Settings::address() . $path, array_merge( $args, $bounds ) );
		if ( is_wp_error( $answer ) ) {
			$this->away = $answer;
		}
		return $answer;
	}
}

/** Akismet's calls, led to the service with what the stock plugin does not send. */
final class Calls {

	const HOST = '/^(?:([0-9a-f]{12})\.)?(?:[a-z]+\.)?akismet\.com$/';
	const GUID = 'akismet_guid';

	private Service $service;
	private Articles $articles;
	private string $guid = '';

	public function __construct( Service $service, Articles $articles ) {
		$this->service  = $service;
		$this->articles = $articles;
	}

	public function register(): void {
		add_filter( 'pre_http_request', array( $this, 'lead' ), 10, 3 );
		foreach ( array( 'preprocess_comment', 'rest_pre_insert_comment' ) as $before_it_is_stored ) {
			add_filter( $before_it_is_stored, array( $this, 'keep_guid' ), 2 );
		}
		add_filter( 'rest_pre_insert_comment', array( $this, 'hold_unchecked' ), 100 );
	}

	/**
	 * Answer a call to Akismet's hosts with what the service says; leave any other call alone.
	 *
	 * @param mixed $answer What another filter has answered already, else false.
	 * @return mixed
	 */
	public function lead( $answer, array $args, string $url ) {
		$parts   = wp_parse_url( $url );
		$headers = (array) ( $args['headers'] ?? array() );
		$host    = strtolower( (string) ( $headers['Host'] ?? $parts['host'] ?? '' ) );
		if ( false !== $answer || '' === Settings::address() || ! preg_match( self::HOST, $host, $found ) ) {
			return $answer;
		}
		unset( $headers['Host'] );
		$args['headers'] = $headers;
		$path            = ( $parts['path'] ?? '/' ) . ( isset( $parts['query'] ) ? '?' . $parts['query'] : '' );
		$args['body']    = $this->completed( $args['body'] ?? '', $path, $found[1] ?? '' );
		return $this->noted( $this->service->send( $path, $args ), $path, $args['body'] );
	}

	/**
	 * Keep the name that the service gave the comment which it checked just now: decisions come back under it.
	 *
	 * @param array|\WP_Error $comment
	 * @return array|\WP_Error
	 */
	public function keep_guid( $comment ) {
		if ( is_array( $comment ) && isset( $comment['akismet_result'] ) && '' !== $this->guid ) {
			$comment['comment_meta'][ self::GUID ] = $this->guid;
			$this->guid                            = '';
		}
		return $comment;
	}

	/**
	 * Hold a comment that came by the REST interface unchecked. Akismet does that for all other ways only.
	 *
	 * @param array|\WP_Error $comment
	 * @return array|\WP_Error
	 */
	public function hold_unchecked( $comment ) {
		$result = is_array( $comment ) ? $comment['akismet_result'] ?? null : null;
		$known  = array( null, 'true', 'false', 'skipped' );
		if ( ! in_array( $result, $known, true ) && ! current_user_can( 'moderate_comments' ) ) {
			$comment['comment_approved'] = '0';
		}
		return $comment;
	}

	/**
	 * The body with the key that stood in the host's name, where to tell of decisions, and the comment's name. A field
	 * that comes again counts as it came last.
	 *
	 * @param array|string $body
	 */
	private function completed( $body, string $path, string $key ): string {
		$body  = is_array( $body ) ? http_build_query( $body, '', '&' ) : (string) $body;
		$added = '' === $key ? array() : array( 'api_key' => $key );
		if ( self::is_check( $path ) ) {
			$this->articles->send_once( self::number( $body, 'comment_post_ID' ) );
			$added['callback'] = Decisions::address();
		}
		$guid = (string) get_comment_meta( self::number( $body, 'comment_ID' ), self::GUID, true );
		if ( '' !== $guid ) {
			$added['guid'] = $guid;
		}
		return trim( $body . '&' . http_build_query( $added, '', '&' ), '&' );
	}

	/**
	 * What the service answered: nothing where it failed, so that no error page is taken for a verdict.
	 *
	 * @param array|\WP_Error $answer
	 * @return array|\WP_Error
	 */
	private function noted( $answer, string $path, string $body ) {
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		if ( 200 !== wp_remote_retrieve_response_code( $answer ) ) {
			$answer['body'] = '';
		}
		$guid = (string) wp_remote_retrieve_header( $answer, 'x-akismet-guid' );
		if ( self::is_check( $path ) && '' !== $guid ) {
			$this->remember( $guid, self::number( $body, 'comment_ID' ) );
		}
		return $answer;
	}

	/** A comment that is checked again is stored already; one that is checked first has no number yet. */
	private function remember( string $guid, int $comment_id ): void {
		if ( 0 !== $comment_id ) {
			update_comment_meta( $comment_id, self::GUID, $guid );
		} else {
			$this->guid = $guid;
		}
	}

	private static function is_check( string $path ): bool {
		return '/comment-check' === substr( (string) strtok( $path, '?' ), -strlen( '/comment-check' ) );
	}

	/** A number in a form. Values are encoded, so that none can look like a field. */
	private static function number( string $form, string $field ): int {
		return preg_match( "/(?:^|&)$field=(\d+)(?:&|$)/", $form, $found ) ? (int) $found[1] : 0;
	}
}

/** The text of what readers comment on, told to the service when it is published, or before its first comment. */
final class Articles {

	/** Post meta: a hash of what the service was told, so that the same is not told again. */
	const TOLD = '_comment_moderation_told';
	const ENDS_A_LINE = '~<br\s*/?>|</(?:p|div|li|h[1-6]|blockquote|pre|tr|figcaption|dt|dd)>~i';

	private Service $service;

	public function __construct( Service $service ) {
		$this->service = $service;
	}

	public function register(): void {
		add_action( 'wp_after_insert_post', array( $this, 'send_once' ) );
	}

	/** Tell of an article as it stands. What fails is tried again before its next comment. */
	public function send_once( int $post_id ): void {
		$post = 0 === $post_id ? null : get_post( $post_id );
		if ( ! $post || ! Settings::are_complete() || ! self::is_public( $post ) ) {
			return;
		}
		$article = (string) wp_json_encode( self::told_of( $post ), JSON_INVALID_UTF8_SUBSTITUTE );
		$hash    = md5( Settings::address() . Settings::key() . $article );
		if ( get_post_meta( $post->ID, self::TOLD, true ) !== $hash && $this->put( $post, $article ) ) {
			update_post_meta( $post->ID, self::TOLD, $hash );
		}
	}

	private function put( \WP_Post $post, string $article ): bool {
		$answer = $this->service->send(
			'/v1/articles/' . self::name( $post ),
			array(
				'method'  => 'PUT',
				'headers' => array(
					'Authorization' => 'Bearer ' . Settings::key(),
					'Content-Type'  => 'application/json',
				),
				'body'    => $article,
			)
		);
		return in_array( wp_remote_retrieve_response_code( $answer ), array( 200, 201 ), true );
	}

	/** A post in the service's words. Where its text stands elsewhere than in its content, a filter can give it. */
	private static function told_of( \WP_Post $post ): array {
		$article = array(
			'title'        => self::plain( $post->post_title ),
			'body'         => self::plain( $post->post_content ),
			'url'          => (string) get_permalink( $post ),
			'published_at' => get_post_time( 'Y-m-d\TH:i:s\Z', true, $post ),
		);
		return (array) apply_filters( 'comment_moderation_article', $article, $post );
	}

	private static function is_public( \WP_Post $post ): bool {
		$is_page = is_post_type_viewable( $post->post_type ) && post_type_supports( $post->post_type, 'comments' );
		return $is_page && 'publish' === $post->post_status && '' === $post->post_password;
	}

	/** An article's id: its number, with the site's in a network. */
	private static function name( \WP_Post $post ): string {
		return is_multisite() ? get_current_blog_id() . '-' . $post->ID : (string) $post->ID;
	}

	private static function plain( string $html ): string {
		$lines = preg_replace( self::ENDS_A_LINE, "$0\n", strip_shortcodes( $html ) );
		$text  = html_entity_decode( wp_strip_all_tags( (string) $lines ), ENT_QUOTES | ENT_HTML5, 'UTF-8' );
		return trim( (string) preg_replace( '/\s*\n\s*/', "\n", $text ) );
	}
}

/** What the service's moderators decide, in the body of Akismet's webhook. WordPress's own moderators have the last word. */
final class Decisions {

	const PLACE = 'comment-moderation/v1';
	const ROUTE = '/decisions';
	/** Comment meta: a person decided here. */
	const BY_HAND = 'comment_moderation_by_hand';
	const OPEN = array( 'approve', 'hold', 'spam' );

	/** Where the service tells of them. */
	public static function address(): string {
		return rest_url( self::PLACE . self::ROUTE );
	}

	public function register(): void {
		add_action( 'rest_api_init', array( $this, 'open' ) );
		add_action( 'transition_comment_status', array( $this, 'note' ), 10, 3 );
	}

	public function open(): void {
		$route = array(
			'methods'             => 'POST',
			'callback'            => array( $this, 'take' ),
			'permission_callback' => array( $this, 'knows_the_key' ),
			'args'                => array(
				'key'      => array(
					'type'     => 'string',
					'required' => true,
				),
				'comments' => array(
					'type'     => 'array',
					'required' => true,
					'items'    => array( 'type' => 'object' ),
				),
			),
		);
		register_rest_route( self::PLACE, self::ROUTE, $route );
	}

	public function knows_the_key( \WP_REST_Request $request ): bool {
		$sent = $request->get_param( 'key' );
		return Settings::are_complete() && is_string( $sent ) && hash_equals( Settings::key(), $sent );
	}

	/** Carry the decisions out, and say of each what came of it. */
	public function take( \WP_REST_Request $request ): \WP_REST_Response {
		$told = array();
		foreach ( $request->get_param( 'comments' ) as $decision ) {
			$guid   = $decision['guid'] ?? null;
			$result = $decision['result'] ?? null;
			if ( is_string( $guid ) && '' !== $guid && in_array( $result, array( 'true', 'false' ), true ) ) {
				$told[ $guid ] = $this->decide( $guid, 'true' === $result, ! empty( $decision['by'] ) );
			}
		}
		return new \WP_REST_Response( array( 'comments' => (object) $told ) );
	}

	/**
	 * Note where a person changes a comment's status. Akismet's own checks may run on a person's behalf.
	 *
	 * @param string $new
	 * @param string $old
	 * @param object $comment
	 */
	public function note( $new, $old, $comment ): void {
		$number   = (int) $comment->comment_ID;
		$by_check = (bool) get_comment_meta( $number, 'akismet_rechecking' );
		if ( $new !== $old && 'delete' !== $new && ! $by_check && current_user_can( 'edit_comment', $number ) ) {
			update_comment_meta( $number, self::BY_HAND, '1' );
		}
	}

	/** Comments of one text, author and page have one name: what is decided of one is decided of all. */
	private function decide( string $guid, bool $is_spam, bool $by_person ): array {
		$wanted   = array(
			'status'     => self::OPEN,
			'meta_key'   => Calls::GUID,
			'meta_value' => $guid,
		);
		$comments = get_comments( $wanted );
		$open     = array_filter( $comments, array( self::class, 'is_open' ) );
		foreach ( $open as $comment ) {
			$this->set( $comment, $is_spam, $by_person );
		}
		if ( ! $comments ) {
			return array(
				'status'  => 'error',
				'message' => 'There is no such comment.',
			);
		}
		return array( 'status' => $open ? 'success' : 'decided here' );
	}

	private static function is_open( \WP_Comment $comment ): bool {
		return ! get_comment_meta( $comment->comment_ID, self::BY_HAND, true );
	}

	private function set( \WP_Comment $comment, bool $is_spam, bool $by_person ): void {
		$status = $is_spam ? 'spam' : self::status_of_ham( $comment, $by_person );
		if ( wp_get_comment_status( $comment ) === self::spoken( $status ) ) {
			return;
		}
		if ( $is_spam ) {
			wp_spam_comment( $comment );
		} else {
			wp_set_comment_status( $comment->comment_ID, $status );
		}
		update_comment_meta( $comment->comment_ID, 'akismet_result', $is_spam ? 'true' : 'false' );
		delete_comment_meta( $comment->comment_ID, 'akismet_error' );
		if ( is_callable( array( 'Akismet', 'update_comment_history' ) ) ) {
			\Akismet::update_comment_history( $comment->comment_ID, '', $is_spam ? 'recheck-spam' : 'recheck-ham' );
		}
	}

	/** What a person approved is published; what the service thought better of waits where WordPress's rules say so. */
	private static function status_of_ham( \WP_Comment $comment, bool $by_person ): string {
		$passes = $by_person || check_comment(
			$comment->comment_author,
			$comment->comment_author_email,
			$comment->comment_author_url,
			$comment->comment_content,
			$comment->comment_author_IP,
			$comment->comment_agent,
			$comment->comment_type
		);
		return $passes ? 'approve' : 'hold';
	}

	/** A status as wp_get_comment_status() names it. */
	private static function spoken( string $status ): string {
		$names = array(
			'approve' => 'approved',
			'hold'    => 'unapproved',
		);
		return $names[ $status ] ?? $status;
	}
}

/** The page under Settings, and the notice where something is missing. */
final class Page {

	const NAME = 'comment-moderation';
	const MAY = 'manage_options';
	const PUBLIC_ADDRESS = '~^https?://[^\s/?#@]+(?:/[^\s?#]*)?$~i';

	private Service $service;

	public function __construct( Service $service ) {
		$this->service = $service;
	}

	public function register(): void {
		add_action( 'admin_init', array( $this, 'declare_settings' ) );
		add_action( 'admin_menu', array( $this, 'add' ) );
		add_action( 'admin_notices', array( $this, 'warn' ) );
	}

	/** WordPress's options.php stores them: it asks for a nonce of this page and for the right to manage options. */
	public function declare_settings(): void {
		$checks = array(
			Settings::ADDRESS => array( $this, 'checked_address' ),
			Settings::KEY     => array( $this, 'checked_key' ),
		);
		$fixed  = array(
			Settings::ADDRESS => Settings::has_fixed_address(),
			Settings::KEY     => Settings::has_fixed_key(),
		);
		foreach ( array_keys( array_filter( $fixed ) ) as $name ) {
			unset( $checks[ $name ] );
		}
		foreach ( $checks as $name => $check ) {
			register_setting( self::NAME, $name, array( 'sanitize_callback' => $check ) );
		}
	}

	public function add(): void {
		add_options_page( 'Comment moderation', 'Comment moderation', self::MAY, self::NAME, array( $this, 'show' ) );
	}

	/** @param mixed $sent */
	public function checked_address( $sent ): string {
		$address = is_string( $sent ) ? untrailingslashit( trim( $sent ) ) : '';
		if ( '' === $address || preg_match( self::PUBLIC_ADDRESS, $address ) ) {
			return esc_url_raw( $address );
		}
		$say = 'The address has to look like https://moderation.example.';
		add_settings_error( Settings::ADDRESS, 'address', $say );
		return (string) get_option( Settings::ADDRESS, '' );
	}

	/** @param mixed $sent */
	public function checked_key( $sent ): string {
		$key = is_string( $sent ) ? strtolower( trim( $sent ) ) : '';
		if ( '' === $key || preg_match( '/^[0-9a-f]{12}$/', $key ) ) {
			return $key;
		}
		$say = 'The key has to be 12 characters out of 0-9 and a-f, as "moderation site akismet-key" shows it.';
		add_settings_error( Settings::KEY, 'key', $say );
		return (string) get_option( Settings::KEY, '' );
	}

	public function warn(): void {
		if ( '' !== Settings::address() && ! class_exists( 'Akismet' ) && current_user_can( self::MAY ) ) {
			$say = 'Comments are not checked: activate the Akismet plugin, whose calls go to your moderation service.';
			printf( '<div class="notice notice-error"><p>%s</p></div>', esc_html( $say ) );
		}
	}

	public function show(): void {
		if ( ! current_user_can( self::MAY ) ) {
			return;
		}
		list( $kind, $state ) = $this->state();
		?>
		<div class="wrap">
			<h1>Comment moderation</h1>
			<div class="notice notice-<?php echo esc_attr( $kind ); ?> inline"><p><?php echo esc_html( $state ); ?></p></div>
			<form method="post" action="options.php">
				<?php settings_fields( self::NAME ); ?>
				<table class="form-table" role="presentation">
					<?php
					self::field( Settings::ADDRESS, 'Address', Settings::address(), Settings::has_fixed_address(), 'Where your moderation service answers, for example https://moderation.example.' );
					self::field( Settings::KEY, 'Key', Settings::key(), Settings::has_fixed_key(), 'The 12 characters that "moderation site akismet-key" shows. It is also the Akismet plugin\'s key.' );
					?>
					<tr>
						<th scope="row">Decisions come to</th>
						<td><code><?php echo esc_html( Decisions::address() ); ?></code>
						<p class="description">The service calls this address when a moderator decides in its queue.</p></td>
					</tr>
				</table>
				<?php submit_button(); ?>
			</form>
		</div>
		<?php
	}

	private static function field( string $name, string $label, string $value, bool $is_fixed, string $help ): void {
		?>
		<tr>
			<th scope="row"><label for="<?php echo esc_attr( $name ); ?>"><?php echo esc_html( $label ); ?></label></th>
			<td><input type="text" class="regular-text code" autocomplete="off" spellcheck="false"
				id="<?php echo esc_attr( $name ); ?>" name="<?php echo esc_attr( $name ); ?>"
				value="<?php echo esc_attr( $value ); ?>" <?php disabled( $is_fixed ); ?>>
			<p class="description"><?php echo esc_html( $is_fixed ? 'Set in wp-config.php.' : $help ); ?></p></td>
		</tr>
		<?php
	}

	/** How things stand, as a kind of notice and a sentence. */
	private function state(): array {
		if ( ! Settings::are_complete() ) {
			return array( 'warning', 'Nothing is led to your service yet: give its address and the key.' );
		}
		$fields = array(
			'api_key' => Settings::key(),
			'blog'    => home_url(),
		);
		$answer = $this->service->send(
			'/1.1/verify-key',
			array(
				'method' => 'POST',
				'body'   => $fields,
			)
		);
		if ( is_wp_error( $answer ) ) {
			return array( 'error', 'The service does not answer: ' . $answer->get_error_message() );
		}
		return self::state_of( wp_remote_retrieve_response_code( $answer ), trim( wp_remote_retrieve_body( $answer ) ) );
	}

	private static function state_of( int $status, string $said ): array {
		if ( 200 === $status && 'valid' === $said ) {
			return array( 'success', 'The service answers, and knows the key.' );
		}
		if ( 200 === $status && 'invalid' === $said ) {
			return array( 'error', 'The service answers, but does not know the key.' );
		}
		return array( 'error', "What answers at this address is not the service: it said status $status." );
	}
}

function start(): void {
	$service  = new Service();
	$articles = new Articles( $service );
	$articles->register();
	( new Calls( $service, $articles ) )->register();
	( new Decisions() )->register();
	( new Page( $service ) )->register();
}

start();
